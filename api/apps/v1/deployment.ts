import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { DecodeError } from "../../../apimachinery/schema/decode-error.ts";
import { int64Problem } from "../../../apimachinery/text/go-integer.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { ageColumn, nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { isNewGeneration, podNameWarnings, templateWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apps-v1.ts";
import { goSelector } from "../../go-values.ts";
import { selectorOf } from "../../selector-of.ts";
import { templateColumns } from "../../template-columns.ts";
import { scaleIn, validateCollisions, validateCounts, validateParts, validateReplicaTemplate } from "./replicas.ts";
import { validateDeploymentStrategy } from "./rolling-update.ts";

// Rules: pkg/registry/apps/deployment/strategy.go, pkg/apis/apps/validation ValidateDeployment and below.

export type Deployment = types.Deployment;

const specPath = path("spec");
const statusPath = path("status");
const templatePath = specPath.child("template");

/** Pods without identity, replaced step by step when their template changes. */
export const Deployment = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
  shortNames: ["deploy"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.apps.v1.Deployment"),
  subresources: { status: true, scale: scaleIn("v1beta1", "v1beta2", "v1") },
  generation: true,
  columns: [
    nameColumn,
    textColumn("Ready", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    { name: "Up-to-date", type: "string", cell: ({ status }) => status.updatedReplicas ?? 0 },
    { name: "Available", type: "string", cell: ({ status }) => status.availableReplicas ?? 0 },
    ageColumn,
    ...templateColumns<Deployment>(({ spec }) => spec.template),
    wideColumn("Selector", ({ spec }) => String(selectorOf(spec.selector) ?? "<invalid>")),
  ],
  setDefaults: changing(setDefaults),
  prepareForCreate: changing(({ spec }) => dropDisabledTemplateFields(spec?.template, undefined)),
  // The controller that writes status does not know of labels that came meanwhile.
  keeps: { status: [["metadata", "labels"]] },
  prepareForUpdate: changing(prepareForUpdate),
  validate,
  *warnings(object, old) {
    if (old === undefined) yield* podNameWarnings(object.metadata.name ?? "");
    if (isNewGeneration(object, old)) yield* templateWarnings(object.spec.template, templatePath);
  },
});

/** The revision to go back to, which old versions of the API had a field for. */
const rollbackTo = "deprecated.deployment.rollback.to";

function setDefaults({ metadata, spec }: Draft<Deployment>): void {
  const revision = metadata?.annotations?.[rollbackTo] ?? "";
  const problem = revision === "" ? undefined : int64Problem(revision);
  if (problem !== undefined) {
    throw new DecodeError(`failed to parse annotation[${rollbackTo}]=${revision} as int64: ${problem}`);
  }
  if (spec === undefined) return;
  setTemplateDefaults(spec.template);
  if (spec.strategy?.type !== "RollingUpdate") return;
  spec.strategy.rollingUpdate ??= {};
  spec.strategy.rollingUpdate.maxUnavailable ??= "25%";
  spec.strategy.rollingUpdate.maxSurge ??= "25%";
}

function prepareForUpdate(draft: Draft<Deployment>, old: Deployment, { subresource }: RequestContext): void {
  if (subresource === "status") return;
  dropDisabledTemplateFields(draft.spec?.template, old.spec.template);
  // Annotations go on to ReplicaSets: to change them is to change what is wanted.
  if (subresource === "" && !semanticEqual(draft.metadata.annotations, old.metadata.annotations)) {
    draft.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
}

function validate(deployment: Deployment, old: Deployment | undefined, context: RequestContext): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && context.subresource === "status") {
    validateStatus(check, deployment.status);
    validateCollisions(check, deployment.status.collisionCount, old.status.collisionCount, statusPath);
    return check.errors;
  }
  validateSpec(check, deployment);
  if (old !== undefined) {
    const { selector } = deployment.spec;
    check.errors.push(...validateImmutableField(goSelector(selector), old.spec.selector, specPath.child("selector")));
  }
  return check.errors;
}

function validateSpec(check: Check, { metadata, spec }: Deployment): void {
  checkNonNegative(check, specPath.child("replicas"), spec.replicas);
  validateReplicaTemplate(check, spec, specPath);
  validateDeploymentStrategy(check, spec.strategy ?? {}, specPath.child("strategy"));
  checkNonNegative(check, specPath.child("minReadySeconds"), spec.minReadySeconds);
  checkNonNegative(check, specPath.child("revisionHistoryLimit"), spec.revisionHistoryLimit);
  const revision = metadata.annotations?.[rollbackTo] ?? "";
  if (/^-[0-9]+$/.test(revision)) checkNonNegative(check, specPath.child("rollback", "version"), Number(revision));
  const deadline = spec.progressDeadlineSeconds;
  const at = specPath.child("progressDeadlineSeconds");
  checkNonNegative(check, at, deadline);
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    check.errors.push(invalid(at, deadline, "must be greater than minReadySeconds"));
  }
}

const counts = [
  "observedGeneration",
  "replicas",
  "updatedReplicas",
  "readyReplicas",
  "availableReplicas",
  "unavailableReplicas",
  "terminatingReplicas",
  "collisionCount",
];
const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };
const parts = [
  { part: "updatedReplicas", ...ofReplicas },
  { part: "readyReplicas", ...ofReplicas },
  { part: "availableReplicas", ...ofReplicas },
  { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than readyReplicas" },
];

function validateStatus(check: Check, status: types.DeploymentStatus): void {
  validateCounts(check, status, counts, statusPath);
  validateParts(check, status, parts, statusPath);
}
