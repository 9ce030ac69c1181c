import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext, ScaleSubresource } from "../../../apimachinery/resource/resource.ts";
import { selectorFromSet } from "../../../apimachinery/selectors/label-selector.ts";
import { longName } from "../../../apimachinery/validation/names.ts";
import { validateRunsForever } from "../../apps/v1/replicas.ts";
import { validateReplicaStatus } from "../../apps/v1/replicaset.ts";
import { ageColumn, nameColumn, wideColumn } from "../../columns.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { goMap } from "../../go-values.ts";
import { formatLabels } from "../../labels-text.ts";
import { templateColumns } from "../../template-columns.ts";
import { nonConvertibleErrors } from "./non-convertible.ts";
import { setTemplateDefaults } from "./pod/defaults.ts";
import { dropDisabledTemplateFields } from "./pod/disabled-fields.ts";
import { type Check, checkNonNegative } from "./pod/validation/check.ts";
import { templateOptions } from "./pod/validation/options.ts";
import { validatePodTemplate } from "./pod/validation/template.ts";
import { isNewGeneration, podNameWarnings, templateWarnings } from "./pod/warnings.ts";

// Rules: pkg/registry/core/replicationcontroller/strategy.go, pkg/apis/core/validation ValidateReplicationController.

export type ReplicationController = types.ReplicationController;

const specPath = path("spec");
const templatePath = specPath.child("template");

const scale: ScaleSubresource<ReplicationController> = {
  specReplicas: ({ spec }) => spec.replicas ?? 0,
  statusReplicas: ({ status }) => status.replicas ?? 0,
  selector: ({ spec }) => String(selectorFromSet(spec.selector)),
  setSpecReplicas: (draft, replicas) => {
    (draft as Draft<ReplicationController>).spec.replicas = replicas;
  },
  replicasPaths: new Map([["v1", ["spec", "replicas"]]]),
};

/** What ReplicaSets came from: its selector is a plain map. */
export const ReplicationController = defineResource<ReplicationController>({
  group: "",
  version: "v1",
  kind: "ReplicationController",
  plural: "replicationcontrollers",
  shortNames: ["rc"],
  categories: ["all"],
  scope: "Namespaced",
  storagePath: "controllers",
  schema: () => definition("io.k8s.api.core.v1.ReplicationController"),
  orphansDependents: true,
  subresources: { status: true, scale },
  generation: true,
  validateName: longName,
  columns: [
    nameColumn,
    { name: "Desired", type: "integer", cell: ({ spec }) => spec.replicas ?? 0 },
    { name: "Current", type: "integer", cell: ({ status }) => status.replicas ?? 0 },
    { name: "Ready", type: "integer", cell: ({ status }) => status.readyReplicas ?? 0 },
    ageColumn,
    ...templateColumns<ReplicationController>(({ spec }) => spec.template),
    wideColumn("Selector", ({ spec }) => formatLabels(spec.selector)),
  ],
  fieldSelectors: { "status.replicas": ({ status }) => String(status.replicas ?? 0) },
  setDefaults: changing(setDefaults),
  prepareForCreate: changing(({ spec }) => dropDisabledTemplateFields(spec?.template, undefined)),
  prepareForUpdate: changing(({ spec }, old) => dropDisabledTemplateFields(spec?.template, old.spec.template)),
  validate,
  *warnings(object, old) {
    if (old === undefined) yield* podNameWarnings(object.metadata.name ?? "");
    if (isNewGeneration(object, old)) yield* templateWarnings(object.spec.template, templatePath);
  },
});

/** Labels of the template serve as selector and as own labels where there are none. */
function setDefaults({ metadata, spec }: Draft<ReplicationController>): void {
  setTemplateDefaults(spec?.template);
  const labels = spec?.template?.metadata?.labels;
  if (labels === undefined) return;
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels };
  if (metadata !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels };
}

function validate(
  controller: ReplicationController,
  old: ReplicationController | undefined,
  { subresource }: RequestContext,
) {
  const { spec, status } = controller;
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && subresource === "status") {
    validateReplicaStatus(check, status);
    return check.errors;
  }
  checkNonNegative(check, specPath.child("minReadySeconds"), spec.minReadySeconds);
  const chooses = Object.keys(spec.selector ?? {}).length > 0;
  if (!chooses) check.errors.push(required(specPath.child("selector")));
  if (spec.replicas === undefined) check.errors.push(required(specPath.child("replicas")));
  checkNonNegative(check, specPath.child("replicas"), spec.replicas);
  const { template } = spec;
  if (template === undefined) {
    check.errors.push(required(templatePath));
    return check.errors;
  }
  const labels = template.metadata?.labels;
  if (chooses && !selectorFromSet(spec.selector).matches(labels)) {
    const detail = "`selector` does not match template `labels`";
    check.errors.push(invalid(templatePath.child("metadata", "labels"), goMap(labels), detail));
  }
  validatePodTemplate(check, template, templatePath);
  validateRunsForever(check, template, templatePath, "ReplicationController");
  return old === undefined ? check.errors : [...check.errors, ...nonConvertibleErrors(controller, old)];
}
