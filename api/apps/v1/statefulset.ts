import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../apimachinery/resource/resource.ts";
import { nameIsDNSLabel } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import { roundRequirements } from "../../core/v1/pod/resource-list.ts";
import { type Check, checkLabel, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { validateClaimSpec } from "../../core/v1/pod/validation/claim-spec.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { validatePodTemplate, validateTemplateMetadata } from "../../core/v1/pod/validation/template.ts";
import { claimWarnings } from "../../core/v1/pod/warnings/volumes.ts";
import { isNewGeneration, templateWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apps-v1.ts";
import type { PodTemplateSpec } from "../../generated/types/core-v1.ts";
import { goSelector } from "../../go-values.ts";
import { selectorOf } from "../../selector-of.ts";
import { templateColumns } from "../../template-columns.ts";
import {
  scaleIn,
  validateCollisions,
  validateCounts,
  validateParts,
  validateRunsForever,
  validateSelector,
  validateTemplateLabels,
} from "./replicas.ts";
import { validateStatefulSetStrategy } from "./rolling-update.ts";

// Rules: pkg/registry/apps/statefulset/strategy.go, pkg/apis/apps/validation ValidateStatefulSet and below.

export type StatefulSet = types.StatefulSet;
type Spec = types.StatefulSetSpec;

const specPath = path("spec");
const statusPath = path("status");
const templatePath = specPath.child("template");

/** Pods with names and storage of their own, made and removed in order. */
export const StatefulSet = defineResource<StatefulSet>({
  group: "apps",
  version: "v1",
  kind: "StatefulSet",
  plural: "statefulsets",
  shortNames: ["sts"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.apps.v1.StatefulSet"),
  subresources: { status: true, scale: scaleIn("v1beta1", "v1beta2", "v1") },
  generation: true,
  // Its pods carry the name in a label's value and their own host name.
  validateName: nameIsDNSLabel,
  columns: [
    nameColumn,
    textColumn("Ready", ({ spec, status }) => `${status.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
    ageColumn,
    ...templateColumns<StatefulSet>(({ spec }) => spec.template),
  ],
  setDefaults: changing(setDefaults),
  prepareForCreate: changing(({ spec }) => prepareSpec(spec, undefined)),
  prepareForUpdate: changing(({ spec }, old) => prepareSpec(spec, old.spec)),
  validate,
  *warnings(set, old) {
    const { spec } = set;
    if (isNewGeneration(set, old)) yield* templateWarnings(spec.template, templatePath);
    for (const [i, claim] of (spec.volumeClaimTemplates ?? []).entries()) {
      const at = specPath.child("volumeClaimTemplates").index(i);
      yield* claimWarnings(claim.spec ?? {}, old === undefined ? at : at.child("Spec"));
    }
    if ((spec.revisionHistoryLimit ?? 0) < 0) {
      yield "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";
    }
  },
});

function setDefaults({ spec }: Draft<StatefulSet>): void {
  if (spec === undefined) return;
  setTemplateDefaults(spec.template);
  for (const claim of spec.volumeClaimTemplates ?? []) roundRequirements(claim.spec?.resources);
  const strategy: Draft<Partial<Spec["updateStrategy"]>> =
    (spec.updateStrategy as typeof spec.updateStrategy | undefined) ?? {};
  spec.updateStrategy = strategy as typeof spec.updateStrategy;
  if (!strategy.type) {
    strategy.type = "RollingUpdate";
    strategy.rollingUpdate ??= {};
  }
  if (strategy.type === "RollingUpdate" && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0;
}

/** How many pods may be away at once waits for its feature gate (MaxUnavailableStatefulSet), unless it is set already. */
function prepareSpec(spec: Draft<Spec> | undefined, old: Spec | undefined): void {
  dropDisabledTemplateFields(spec?.template, old?.template);
  if (old?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
    delete spec?.updateStrategy?.rollingUpdate?.maxUnavailable;
  }
}

function validate(
  { spec, status }: StatefulSet,
  old: StatefulSet | undefined,
  { subresource }: RequestContext,
): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && subresource === "status") {
    validateCounts(check, status, counts, statusPath);
    validateParts(check, status, parts, statusPath);
    validateCollisions(check, status.collisionCount, old.status.collisionCount, statusPath);
    return check.errors;
  }
  validateSpec(check, spec, old?.spec);
  if (old !== undefined && !semanticEqual(fixedPart(spec), fixedPart(old.spec))) {
    const detail =
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    check.errors.push(forbidden(specPath, detail));
  }
  return check.errors;
}

function fixedPart({ podManagementPolicy, selector, serviceName, volumeClaimTemplates }: Spec): object {
  return { podManagementPolicy, selector, serviceName, volumeClaimTemplates };
}

function validateSpec(check: Check, spec: Spec, old: Spec | undefined): void {
  const policy = spec.podManagementPolicy ?? "";
  const policyPath = specPath.child("podManagementPolicy");
  if (policy === "") check.errors.push(required(policyPath));
  else if (policy !== "OrderedReady" && policy !== "Parallel") {
    check.errors.push(invalid(policyPath, policy, "must be 'OrderedReady' or 'Parallel'"));
  }
  validateStatefulSetStrategy(check, spec.updateStrategy ?? {}, specPath.child("updateStrategy"));
  validateRetention(check, spec);
  if (old === undefined) {
    spec.volumeClaimTemplates?.forEach((claim, i) => {
      validateClaimSpec(check, claim.spec ?? {}, specPath.child("volumeClaimTemplates").index(i).child("spec"));
    });
  }
  checkNonNegative(check, specPath.child("replicas"), spec.replicas);
  checkNonNegative(check, specPath.child("minReadySeconds"), spec.minReadySeconds);
  checkNonNegative(check, specPath.child("ordinals.start"), spec.ordinals?.start);
  // It cannot change: a bad one of before is let be.
  if (old === undefined && spec.serviceName) checkLabel(check, specPath.child("serviceName"), spec.serviceName);
  const selectorPath = specPath.child("selector");
  validateSelector(check, spec.selector, selectorPath, "empty selector is invalid for statefulset");
  const selector = selectorOf(spec.selector);
  if (selector === undefined) check.errors.push(invalid(selectorPath, goSelector(spec.selector), ""));
  else {
    const template = podTemplateOf(spec);
    validateTemplateLabels(check, template, selector, templatePath);
    validateTemplate(check, template, old);
  }
  validateRunsForever(check, spec.template, templatePath, "StatefulSet");
}

/** The template as its pods will be: without host names, which they get, and with the volumes of their claims. */
function podTemplateOf({ template, volumeClaimTemplates = [] }: Spec): PodTemplateSpec {
  const { hostname: _h, subdomain: _s, ...rest } = template.spec ?? {};
  if (volumeClaimTemplates.length === 0) return { ...template, spec: rest as PodTemplateSpec["spec"] };
  const claimed = new Map(volumeClaimTemplates.map(({ metadata }) => [metadata?.name ?? "", metadata?.name ?? ""]));
  const volumes = [
    ...[...claimed.keys()].map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    ...(rest.volumes ?? []).filter(({ name }) => !claimed.has(name)),
  ];
  return { ...template, spec: { ...rest, volumes } as PodTemplateSpec["spec"] };
}

function validateTemplate(check: Check, template: PodTemplateSpec, old: Spec | undefined): void {
  if (!isBroken(old)) validatePodTemplate(check, template, templatePath);
  // Upstream looks at labels and annotations again: what is wrong with them is told twice.
  validateTemplateMetadata(check, template, templatePath);
}

/** A template that was bad before its rules were checked may stay so. */
function isBroken(old: Spec | undefined): boolean {
  if (old === undefined) return false;
  const check: Check = { errors: [], options: templateOptions(old.template) };
  validatePodTemplate(check, podTemplateOf(old), templatePath);
  return check.errors.length > 0;
}

function validateRetention(check: Check, { persistentVolumeClaimRetentionPolicy: policy }: Spec): void {
  if (policy === undefined) return;
  const place = specPath.child("persistentVolumeClaimRetentionPolicy");
  for (const field of ["whenDeleted", "whenScaled"] as const) {
    const value = policy[field] ?? "";
    if (value !== "Retain" && value !== "Delete") {
      check.errors.push(notSupported(place.child(field), value, ["Retain", "Delete"]));
    }
  }
}

const counts = [
  "replicas",
  "readyReplicas",
  "currentReplicas",
  "updatedReplicas",
  "availableReplicas",
  "observedGeneration",
  "collisionCount",
];
const ofReplicas = { whole: "replicas", detail: "cannot be greater than status.replicas" };
const parts = [
  { part: "readyReplicas", ...ofReplicas },
  { part: "currentReplicas", ...ofReplicas },
  { part: "updatedReplicas", ...ofReplicas },
  { part: "availableReplicas", ...ofReplicas },
  { part: "availableReplicas", whole: "readyReplicas", detail: "cannot be greater than status.readyReplicas" },
];
