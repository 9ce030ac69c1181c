import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import type { ScaleSubresource } from "../../../apimachinery/resource/resource.ts";
import type { Selector } from "../../../apimachinery/selectors/label-selector.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { validatePodTemplate } from "../../core/v1/pod/validation/template.ts";
import type { PodTemplateSpec } from "../../generated/types/core-v1.ts";
import type { LabelSelector } from "../../generated/types/meta-v1.ts";
import { goMap, goSelector } from "../../go-values.ts";
import { selectorOf } from "../../selector-of.ts";

// What the controllers of pods have in common: pkg/apis/apps/validation.

/** A selector that must be there and choose something. `emptyDetail` is upstream's text for one that does not. */
export function validateSelector(
  check: Check,
  selector: LabelSelector | undefined,
  place: Path,
  emptyDetail: string,
): void {
  if (selector === undefined) {
    check.errors.push(required(place));
    return;
  }
  check.errors.push(...validateLabelSelector(selector, place));
  if (selectorOf(selector)?.empty) check.errors.push(invalid(place, goSelector(selector), emptyDetail));
}

/** The pods made are chosen by the selector, or their maker would not know them. */
export function validateTemplateLabels(check: Check, template: PodTemplateSpec, selector: Selector, place: Path): void {
  const labels = template.metadata?.labels;
  if (selector.empty || selector.matches(labels)) return;
  const detail = "`selector` does not match template `labels`";
  check.errors.push(invalid(place.child("metadata", "labels"), goMap(labels), detail));
}

/** Pods that are to run for ever. `kind` stands in upstream's text. */
export function validateRunsForever(check: Check, template: PodTemplateSpec, place: Path, kind: string): void {
  const { restartPolicy = "", activeDeadlineSeconds } = template.spec ?? {};
  if (restartPolicy !== "Always") {
    check.errors.push(notSupported(place.child("spec", "restartPolicy"), restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const at = place.child("spec", "activeDeadlineSeconds");
    check.errors.push(forbidden(at, `activeDeadlineSeconds in ${kind} is not Supported`));
  }
}

/** Selector and template of ReplicaSets, and of Deployments, which make them (ValidatePodTemplateSpecForReplicaSet). */
export function validateReplicaTemplate(
  check: Check,
  spec: { readonly selector?: LabelSelector; readonly template: PodTemplateSpec },
  specPath: Path,
): void {
  const { selector, template } = spec;
  validateSelector(check, selector, specPath.child("selector"), "empty selector is invalid for deployment");
  const parsed = selectorOf(selector);
  if (parsed === undefined) {
    check.errors.push(invalid(specPath.child("selector"), goSelector(selector), "invalid label selector"));
    return;
  }
  const place = specPath.child("template");
  validateTemplateLabels(check, template, parsed, place);
  validatePodTemplate(check, template, place);
  validateRunsForever(check, template, place, "ReplicaSet");
}

type Counts = Readonly<Record<string, unknown>>;

/** None of these counts of a status is negative. */
export function validateCounts(check: Check, status: object, fields: readonly string[], place: Path): void {
  for (const field of fields) {
    checkNonNegative(check, place.child(field), (status as Counts)[field] as number | undefined);
  }
}

/** Each of these counts is part of another. */
export function validateParts(
  check: Check,
  status: object,
  parts: readonly { readonly part: string; readonly whole: string; readonly detail: string }[],
  place: Path,
): void {
  const count = (field: string) => ((status as Counts)[field] as number | undefined) ?? 0;
  for (const { part, whole, detail } of parts) {
    if (count(part) > count(whole)) check.errors.push(invalid(place.child(part), count(part), detail));
  }
}

/** Counts of name collisions never go back, so that names do not come twice. */
export function validateCollisions(
  check: Check,
  count: number | undefined,
  old: number | undefined,
  statusPath: Path,
): void {
  if (old === undefined || (count !== undefined && count >= old)) return;
  check.errors.push(invalid(statusPath.child("collisionCount"), count ?? 0, "cannot be decremented"));
}

/** How many at most, as `scale` reads and writes it. */
export interface Replicated {
  readonly spec: { readonly replicas?: number; readonly selector?: LabelSelector };
  readonly status: { readonly replicas?: number };
}

const scale: Omit<ScaleSubresource<Replicated>, "replicasPaths"> = {
  specReplicas: ({ spec }) => spec.replicas ?? 0,
  statusReplicas: ({ status }) => status.replicas ?? 0,
  selector: ({ spec }) => String(selectorOf(spec.selector) ?? ""),
  setSpecReplicas(draft, replicas) {
    (draft.spec as { replicas?: number }).replicas = replicas;
  },
};

/** `versions`: all there ever were (pkg/registry/apps, ReplicasPathMappings). */
export function scaleIn(...versions: readonly string[]): ScaleSubresource<Replicated> {
  return { ...scale, replicasPaths: new Map(versions.map((version) => [`apps/${version}`, ["spec", "replicas"]])) };
}
