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
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../apimachinery/validation/label-fields.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { setTemplateDefaults } from "../../core/v1/pod/defaults.ts";
import { dropDisabledTemplateFields } from "../../core/v1/pod/disabled-fields.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { templateOptions } from "../../core/v1/pod/validation/options.ts";
import { validatePodTemplate } from "../../core/v1/pod/validation/template.ts";
import { templateWarnings } from "../../core/v1/pod/warnings.ts";
import { changing } from "../../draft.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/apps-v1.ts";
import { goMap, goSelector } from "../../go-values.ts";
import { formatLabels } from "../../labels-text.ts";
import { selectorOf } from "../../selector-of.ts";
import { selectorColumn, templateColumns } from "../../template-columns.ts";
import { validateCollisions, validateCounts, validateRunsForever } from "./replicas.ts";
import { validateDaemonSetStrategy } from "./rolling-update.ts";

// Rules: pkg/registry/apps/daemonset/strategy.go, pkg/apis/apps/validation ValidateDaemonSet and below.

export type DaemonSet = types.DaemonSet;

const specPath = path("spec");
const statusPath = path("status");
const templatePath = specPath.child("template");
/** Counts changes of the template; only its sameness between versions of the API is left of its use. */
const templateGeneration = "deprecated.daemonset.template.generation";

function countColumn(name: string, field: keyof types.DaemonSetStatus) {
  return {
    name,
    type: "integer",
    cell: ({ status }: DaemonSet) => (status[field] as number | undefined) ?? 0,
  } as const;
}

/** A pod on each node that suits. */
export const DaemonSet = defineResource<DaemonSet>({
  group: "apps",
  version: "v1",
  kind: "DaemonSet",
  plural: "daemonsets",
  shortNames: ["ds"],
  categories: ["all"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.apps.v1.DaemonSet"),
  subresources: { status: true },
  generation: true,
  columns: [
    nameColumn,
    countColumn("Desired", "desiredNumberScheduled"),
    countColumn("Current", "currentNumberScheduled"),
    countColumn("Ready", "numberReady"),
    countColumn("Up-to-date", "updatedNumberScheduled"),
    countColumn("Available", "numberAvailable"),
    textColumn("Node Selector", ({ spec }) => formatLabels(spec.template?.spec?.nodeSelector)),
    ageColumn,
    ...templateColumns<DaemonSet>(({ spec }) => spec.template),
    selectorColumn<DaemonSet>(({ spec }) => spec.selector),
  ],
  setDefaults: changing(setDefaults),
  prepareForCreate: changing(({ metadata, spec }) => {
    dropDisabledTemplateFields(spec?.template, undefined);
    const counted = Number(metadata.annotations?.[templateGeneration]);
    const generation = Number.isSafeInteger(counted) && counted >= 1 ? counted : 1;
    metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(generation) };
  }),
  prepareForUpdate: changing(({ metadata, spec }, old, { subresource }) => {
    dropDisabledTemplateFields(spec?.template, old.spec.template);
    const before = Number(old.metadata.annotations?.[templateGeneration] ?? 0);
    const changed = subresource === "" && !semanticEqual(spec?.template, old.spec.template);
    metadata.annotations = { ...metadata.annotations, [templateGeneration]: String(before + (changed ? 1 : 0)) };
  }),
  validate,
  *warnings({ spec }, old) {
    if (semanticEqual(spec.template, old?.spec.template)) return;
    yield* templateWarnings(spec.template, templatePath);
  },
});

function setDefaults({ metadata, spec }: Draft<DaemonSet>): void {
  const generation = metadata?.annotations?.[templateGeneration];
  const problem = generation === undefined ? undefined : int64Problem(generation);
  if (problem !== undefined) throw new DecodeError(problem);
  if (spec === undefined) return;
  setTemplateDefaults(spec.template);
  if (spec.updateStrategy?.type !== "RollingUpdate") return;
  spec.updateStrategy.rollingUpdate ??= {};
  spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1;
  spec.updateStrategy.rollingUpdate.maxSurge ??= 0;
}

function validate(
  { spec, status }: DaemonSet,
  old: DaemonSet | undefined,
  { subresource }: RequestContext,
): readonly FieldError[] {
  const check: Check = { errors: [], options: templateOptions(old?.spec.template) };
  if (old !== undefined && subresource === "status") {
    validateCounts(check, status, counts, statusPath);
    validateCollisions(check, status.collisionCount, old.status.collisionCount, statusPath);
    return check.errors;
  }
  if (old !== undefined) {
    check.errors.push(
      ...validateImmutableField(goSelector(spec.selector), old.spec.selector, specPath.child("selector")),
    );
  }
  validateSpec(check, spec, old?.spec);
  return check.errors;
}

const counts = [
  "currentNumberScheduled",
  "numberMisscheduled",
  "desiredNumberScheduled",
  "numberReady",
  "observedGeneration",
  "updatedNumberScheduled",
  "numberAvailable",
  "numberUnavailable",
  "collisionCount",
];

function validateSpec(check: Check, spec: types.DaemonSetSpec, old: types.DaemonSetSpec | undefined): void {
  const { selector, template } = spec;
  const selectorPath = specPath.child("selector");
  const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.selector);
  check.errors.push(...validateLabelSelector(selector, selectorPath, { allowInvalidLabelValue }));
  const labels = template.metadata?.labels;
  const parsed = selectorOf(selector);
  if (parsed !== undefined && !parsed.matches(labels)) {
    const detail = "`selector` does not match template `labels`";
    check.errors.push(invalid(templatePath.child("metadata", "labels"), goMap(labels), detail));
  }
  if (parsed?.empty) {
    check.errors.push(invalid(selectorPath, goSelector(selector), "empty selector is invalid for daemonset"));
  }
  validatePodTemplate(check, template, templatePath);
  validateRunsForever(check, template, templatePath, "DaemonSet");
  checkNonNegative(check, specPath.child("minReadySeconds"), spec.minReadySeconds);
  validateDaemonSetStrategy(check, spec.updateStrategy ?? {}, specPath.child("updateStrategy"));
  checkNonNegative(check, specPath.child("revisionHistoryLimit"), spec.revisionHistoryLimit);
}
