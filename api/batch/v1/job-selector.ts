import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Check } from "../../core/v1/pod/validation/check.ts";
import type { Job } from "../../generated/types/batch-v1.ts";
import { goMap, goSelector } from "../../go-values.ts";
import { selectorOf } from "../../selector-of.ts";

const legacyName = "job-name";
const legacyUID = "controller-uid";
const prefixedName = "batch.kubernetes.io/job-name";
const prefixedUID = "batch.kubernetes.io/controller-uid";
const labelsPath = path("spec", "template", "metadata", "labels");

/** A job's pods are labelled with its name and identity, and it chooses them by its identity. */
export function generateSelector({ metadata, spec }: Draft<Job>): void {
  const name = metadata.name ?? "";
  const uid = metadata.uid ?? "";
  spec.template.metadata ??= {};
  const generated = { [legacyName]: name, [prefixedName]: name, [legacyUID]: uid, [prefixedUID]: uid };
  spec.template.metadata.labels = { ...generated, ...spec.template.metadata.labels };
  spec.selector ??= {};
  spec.selector.matchLabels = { [prefixedUID]: uid, ...spec.selector.matchLabels };
}

/** What was generated must still fit (pkg/apis/batch/validation validateGeneratedSelector). */
export function validateGeneratedSelector(
  check: Check,
  { metadata, spec }: Job,
  { requirePrefixedLabels }: { readonly requirePrefixedLabels: boolean },
): void {
  if (spec.manualSelector || spec.selector === undefined) return;
  const { name = "", uid = "" } = metadata;
  if (uid === "") check.errors.push(required(path("metadata", "uid")));
  const expected: Record<string, string> = { [legacyUID]: uid, [legacyName]: name };
  if (requirePrefixedLabels) Object.assign(expected, { [prefixedUID]: uid, [prefixedName]: name });
  const labels = spec.template.metadata?.labels;
  for (const [key, value] of Object.entries(expected)) {
    const detail = `must be '${value}'`;
    if (labels?.[key] === undefined) check.errors.push(required(labelsPath.key(key), detail));
    else if (labels[key] !== value) check.errors.push(invalid(labelsPath.key(key), goMap(labels), detail));
  }
  if (selectorOf(spec.selector)?.matches(expected) === false) {
    check.errors.push(invalid(path("spec", "selector"), goSelector(spec.selector), "`selector` not auto-generated"));
  }
}
