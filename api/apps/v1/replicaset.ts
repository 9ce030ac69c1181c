import type { FieldError } from "../../../apimachinery/field/error.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { isNewGeneration, podNameWarnings, templateWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apps-v1.ts";
import { goSelector } from "../../go-values.ts";
import { selectorColumn, templateColumns } from "../../template-columns.ts";
import { scaleIn, validateCounts, validateParts, validateReplicaTemplate } from "./replicas.ts";

// Rules: pkg/registry/apps/replicaset/strategy.go, pkg/apis/apps/validation ValidateReplicaSet and below.

export type ReplicaSet = types.ReplicaSet;

const specPath = path("spec");
const statusPath = path("status");
const templatePath = specPath.child("template");

/** A number of equal pods. */
export const ReplicaSet = defineResource<ReplicaSet>({
  group: "apps",
  version: "v1",
  kind: "ReplicaSet",
  plural: "replicasets",
  shortNames: ["rs"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.apps.v1.ReplicaSet"),
  subresources: { status: true, scale: scaleIn("v1beta2", "v1") },
  generation: true,
  columns: [
    nameColumn,
    { name: "Desired", type: "integer", cell: ({ spec }) => spec.replicas ?? 0 },
    { name: "Current", type: "integer", cell: ({ status }) => status.replicas ?? 0 },
    { name: "Ready", type: "integer", cell: ({ status }) => status.readyReplicas ?? 0 },
    ageColumn,
    ...templateColumns<ReplicaSet>(({ spec }) => spec.template),
    selectorColumn<ReplicaSet>(({ spec }) => spec.selector),
  ],
  fieldSelectors: { "status.replicas": ({ status }) => String(status.replicas ?? 0) },
  setDefaults: changing(({ spec }) => setTemplateDefaults(spec?.template)),
  prepareForCreate: changing(({ spec }) => dropDisabledTemplateFields(spec?.template, undefined)),
  prepareForUpdate: changing(({ spec }, old) => dropDisabledTemplateFields(spec?.template, old.spec.template)),
  validate,
  *warnings(object, old) {
    if (old === undefined) yield* podNameWarnings(object.metadata.name ?? "");
    if (isNewGeneration(object, old)) yield* templateWarnings(object.spec.template, templatePath);
  },
});

function validate(
  { spec, status }: ReplicaSet,
  old: ReplicaSet | undefined,
  { subresource }: RequestContext,
): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && subresource === "status") {
    validateReplicaStatus(check, status);
    return check.errors;
  }
  checkNonNegative(check, specPath.child("replicas"), spec.replicas);
  checkNonNegative(check, specPath.child("minReadySeconds"), spec.minReadySeconds);
  validateReplicaTemplate(check, spec, specPath);
  if (old !== undefined) {
    check.errors.push(
      ...validateImmutableField(goSelector(spec.selector), old.spec.selector, specPath.child("selector")),
    );
  }
  return check.errors;
}

const counts = [
  "replicas",
  "fullyLabeledReplicas",
  "readyReplicas",
  "availableReplicas",
  "observedGeneration",
  "terminatingReplicas",
];
const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };
const parts = [
  { part: "fullyLabeledReplicas", ...ofReplicas },
  { part: "readyReplicas", ...ofReplicas },
  { part: "availableReplicas", ...ofReplicas },
  { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than readyReplicas" },
];

/** Counts that fit together; those of replication controllers, too. */
export function validateReplicaStatus(check: Check, status: object): void {
  validateCounts(check, status, counts, statusPath);
  validateParts(check, status, parts, statusPath);
}
