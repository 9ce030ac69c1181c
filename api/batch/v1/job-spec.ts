import { invalid, notSupported, required, tooLong, tooMany } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { byteLength } from "../../../apimachinery/text/go-quote.ts";
import { isDomainPrefixedPath } from "../../../apimachinery/validation/domains.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import { validatePodTemplate } from "../../core/v1/pod/validation/template.ts";
import type { JobSpec, SuccessPolicyRule } from "../../generated/types/batch-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { countIndexes, IndexesError } from "./indexes.ts";
import { validatePodFailurePolicy } from "./job-failure-policy.ts";

const maxIndexed = 100_000;
const manyCompletions = 100_000;
const maxForManyCompletions = 10_000;
const maxManagedByBytes = 63;
const maxSuccessRules = 20;
const maxIndexesBytes = 64 * 1024;
const countFields = [
  "parallelism",
  "completions",
  "activeDeadlineSeconds",
  "backoffLimit",
  "ttlSecondsAfterFinished",
  "backoffLimitPerIndex",
  "maxFailedIndexes",
] as const;

/** A job's spec but for its selector, which templates of jobs have not yet (pkg/apis/batch/validation validateJobSpec). */
export function validateJobSpec(check: Check, spec: JobSpec, place: Path): void {
  for (const field of countFields) checkNonNegative(check, place.child(field), spec[field]);
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    check.errors.push(required(place.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"));
  }
  if (spec.managedBy !== undefined) {
    check.errors.push(...isDomainPrefixedPath(place.child("managedBy"), spec.managedBy));
    if (byteLength(spec.managedBy) > maxManagedByBytes) {
      check.errors.push(tooLong(place.child("managedBy"), maxManagedByBytes));
    }
  }
  validateCompletionMode(check, spec, place);
  if (spec.podFailurePolicy !== undefined) validatePodFailurePolicy(check, spec, place.child("podFailurePolicy"));
  validateSuccessPolicy(check, spec, place.child("successPolicy"));
  validateReplacementPolicy(check, spec, place.child("podReplacementPolicy"));
  validatePodTemplate(check, spec.template, place.child("template"));
  validateRestartPolicy(check, spec, place.child("template", "spec", "restartPolicy"));
}

function validateCompletionMode(check: Check, spec: JobSpec, place: Path): void {
  const { completionMode: mode = "NonIndexed" } = spec;
  const at = place.child("completionMode");
  if (mode === "Indexed") validateIndexed(check, spec, place);
  else if (mode !== "NonIndexed") check.errors.push(notSupported(at, mode, ["NonIndexed", "Indexed"]));
  else {
    for (const field of ["backoffLimitPerIndex", "maxFailedIndexes"] as const) {
      if (spec[field] === undefined) continue;
      check.errors.push(invalid(place.child(field), spec[field], "requires indexed completion mode"));
    }
  }
}

/** Lists of indexes stand in the status: their length is bounded. */
function validateIndexed(check: Check, spec: JobSpec, place: Path): void {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const bad = (field: string, value: number, detail: string) =>
    check.errors.push(invalid(place.child(field), value, detail));
  if (completions === undefined) {
    check.errors.push(required(place.child("completions"), "when completion mode is Indexed"));
  }
  if (parallelism > maxIndexed) {
    bad("parallelism", parallelism, `must be less than or equal to ${maxIndexed} when completion mode is Indexed`);
  }
  const failed = maxFailedIndexes ?? 0;
  if (completions !== undefined && failed > completions) {
    bad("maxFailedIndexes", failed, "must be less than or equal to completions");
  }
  if (failed > maxIndexed) bad("maxFailedIndexes", failed, `must be less than or equal to ${maxIndexed}`);
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return;
  const many = `must be less than or equal to ${maxForManyCompletions} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined) {
    const detail = `must be specified when completions is above ${manyCompletions}`;
    check.errors.push(required(place.child("maxFailedIndexes"), detail));
  }
  if (parallelism > maxForManyCompletions) bad("parallelism", parallelism, many);
  if (failed > maxForManyCompletions) bad("maxFailedIndexes", failed, many);
}

function validateSuccessPolicy(check: Check, spec: JobSpec, place: Path): void {
  const policy = spec.successPolicy;
  if (policy === undefined) return;
  if (spec.completionMode !== "Indexed") {
    check.errors.push(invalid(place, internalValue("SuccessPolicy", policy), "requires indexed completion mode"));
    return;
  }
  const rules = policy.rules ?? [];
  const at = place.child("rules");
  if (rules.length === 0) {
    const detail = "at least one rules must be specified when the successPolicy is specified";
    check.errors.push(required(at, detail));
  }
  if (rules.length > maxSuccessRules) check.errors.push(tooMany(at, rules.length, maxSuccessRules));
  rules.forEach((rule, i) => {
    validateSuccessRule(check, rule, at.index(i), spec.completions ?? 0);
  });
}

function validateSuccessRule(check: Check, rule: SuccessPolicyRule, place: Path, completions: number): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule;
  if (count === undefined && indexes === undefined) {
    check.errors.push(required(place, "at least one of succeededCount or succeededIndexes must be specified"));
  }
  let listed = 0;
  if (indexes !== undefined) {
    const at = place.child("succeededIndexes");
    if (byteLength(indexes) > maxIndexesBytes) check.errors.push(tooLong(at, maxIndexesBytes));
    try {
      listed = countIndexes(indexes, completions);
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error;
      check.errors.push(invalid(at, indexes, `error parsing succeededIndexes: ${error.message}`));
    }
  }
  if (count === undefined) return;
  const at = place.child("succeededCount");
  checkNonNegative(check, at, count);
  if (count > completions) {
    const detail = `must be less than or equal to ${completions} (the number of specified completions)`;
    check.errors.push(invalid(at, count, detail));
  }
  if (indexes !== undefined && count > listed) {
    const detail = `must be less than or equal to ${listed} (the number of indexes in the specified succeededIndexes field)`;
    check.errors.push(invalid(at, count, detail));
  }
}

const replacementPolicies = ["Failed", "TerminatingOrFailed"];

function validateReplacementPolicy(check: Check, spec: JobSpec, place: Path): void {
  const policy = spec.podReplacementPolicy;
  if (policy === undefined) return;
  const supported = spec.podFailurePolicy === undefined ? replacementPolicies : ["Failed"];
  if (!supported.includes(policy)) check.errors.push(notSupported(place, policy, supported));
}

/** A job's pods end. */
function validateRestartPolicy(check: Check, spec: JobSpec, place: Path): void {
  const policy = spec.template?.spec?.restartPolicy ?? "";
  if (policy === "Always" || policy === "") {
    check.errors.push(required(place, 'valid values: "OnFailure", "Never"'));
  } else if (policy !== "OnFailure" && policy !== "Never") {
    check.errors.push(notSupported(place, policy, ["OnFailure", "Never"]));
  } else if (spec.podFailurePolicy !== undefined && policy !== "Never") {
    const detail = 'only "Never" is supported when podFailurePolicy is specified';
    check.errors.push(invalid(place, policy, detail));
  }
}
