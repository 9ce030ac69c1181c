import { duplicate, invalid, omittedValue, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import type { Job, JobStatus } from "../../generated/types/batch-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { countIndexes, IndexesError, overlappingIndex } from "./indexes.ts";
import { isFalse, isFinished, isTrue } from "./job-conditions.ts";

const statusPath = path("status");
const conditionsPath = statusPath.child("conditions");

/** The new and the old job, and what differs between them: a rule that was broken before may stay so. */
interface Change {
  readonly job: Job;
  readonly old: Job;
  readonly changed: (field: keyof JobStatus) => boolean;
  /** The condition turned true or ceased to be. */
  readonly turned: (type: string) => boolean;
  readonly finishedChanged: boolean;
}

/** pkg/apis/batch/validation ValidateJobUpdateStatus with the options of pkg/registry/batch/job (JobManagedBy). */
export function validateJobStatusUpdate(check: Check, job: Job, old: Job): void {
  const change: Change = {
    job,
    old,
    changed: (field) => !semanticEqual(job.status?.[field], old.status?.[field]),
    turned: (type) => isTrue(job, type) !== isTrue(old, type),
    finishedChanged: isFinished(job) !== isFinished(old),
  };
  // In upstream's order.
  validateCounts(check, job);
  validateEnds(check, change);
  validateTimes(check, change);
  validateGrounds(check, change);
  validateFinished(check, change);
  validateIndexes(check, change);
  validatePods(check, change);
  validateSuccess(check, change);
  validateProgress(check, change);
}

function refuse(check: Check, detail: string): void {
  check.errors.push(invalid(conditionsPath, omittedValue, detail));
}

function validateCounts(check: Check, { status }: Job): void {
  for (const field of ["active", "succeeded", "failed", "ready", "terminating"] as const) {
    checkNonNegative(check, statusPath.child(field), status?.[field]);
  }
  const seen = new Set<string>();
  for (const list of ["succeeded", "failed"] as const) {
    status?.uncountedTerminatedPods?.[list]?.forEach((uid, i) => {
      const at = statusPath.child("uncountedTerminatedPods", list).index(i);
      if (uid === "") check.errors.push(invalid(at, uid, "must not be empty"));
      else if (seen.has(uid)) check.errors.push(duplicate(at, uid));
      else seen.add(uid);
    });
  }
}

/** A job ends in one way. */
function validateEnds(check: Check, { job, turned }: Change): void {
  if (!isTrue(job, "Complete")) return;
  if (isTrue(job, "Failed") && (turned("Complete") || turned("Failed"))) {
    refuse(check, "cannot set Complete=True and Failed=true conditions");
  }
  if (isTrue(job, "FailureTarget") && (turned("Complete") || turned("FailureTarget"))) {
    refuse(check, "cannot set Complete=True and FailureTarget=true conditions");
  }
}

function validateTimes(check: Check, { job, changed, turned }: Change): void {
  const { startTime, completionTime } = job.status ?? {};
  const complete = isTrue(job, "Complete");
  const at = statusPath.child("completionTime");
  if (turned("Complete") || changed("completionTime")) {
    if (completionTime !== undefined && !complete) {
      const detail = "cannot set completionTime when there is no Complete=True condition";
      check.errors.push(invalid(at, completionTime, detail));
    }
    if (completionTime === undefined && complete) {
      check.errors.push(required(at, "completionTime is required for Complete jobs"));
    }
  }
  const moved = changed("startTime") || changed("completionTime");
  if (moved && startTime !== undefined && completionTime !== undefined) {
    if (Date.parse(completionTime) < Date.parse(startTime)) {
      check.errors.push(invalid(at, completionTime, "must be equal to or after `startTime`"));
    }
  }
}

/** What a job's end waits for. */
function validateGrounds(check: Check, { job, turned, changed }: Change): void {
  if (isTrue(job, "Failed") && !isTrue(job, "FailureTarget") && (turned("Failed") || changed("failedIndexes"))) {
    refuse(check, "cannot set Failed=True condition without the FailureTarget=true condition");
  }
  const met = isTrue(job, "SuccessCriteriaMet");
  if (isTrue(job, "Complete") && !met && (turned("Complete") || turned("SuccessCriteriaMet"))) {
    refuse(check, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  }
}

/** What has ended had begun, and leaves nothing running or uncounted. */
function validateFinished(check: Check, { job, changed, finishedChanged }: Change): void {
  if (!isFinished(job)) return;
  const { active = 0, startTime, uncountedTerminatedPods: uncounted } = job.status ?? {};
  if (active > 0 && (finishedChanged || changed("active"))) {
    check.errors.push(invalid(statusPath.child("active"), active, "active>0 is invalid for finished job"));
  }
  const emptyAndSuspended = job.spec?.suspend === true && job.spec.completions === 0;
  if ((finishedChanged || changed("startTime")) && !emptyAndSuspended && startTime === undefined) {
    check.errors.push(required(statusPath.child("startTime"), "startTime is required for finished job"));
  }
  const { succeeded, failed } = uncounted ?? {};
  const left = (failed?.length ?? 0) + (succeeded?.length ?? 0);
  if (left > 0 && (finishedChanged || changed("uncountedTerminatedPods"))) {
    const shown = internalValue("UncountedTerminatedPods", uncounted);
    check.errors.push(invalid(statusPath.child("uncountedTerminatedPods"), shown, "must be empty for finished job"));
  }
}

function indexesProblem(text: string, completions: number): string | undefined {
  try {
    countIndexes(text, completions);
    return undefined;
  } catch (error) {
    if (error instanceof IndexesError) return error.message;
    throw error;
  }
}

function validateIndexes(check: Check, { job, changed }: Change): void {
  const { completions, completionMode, backoffLimitPerIndex } = job.spec ?? {};
  const { completedIndexes = "", failedIndexes } = job.status ?? {};
  const completedChanged = changed("completedIndexes");
  const failedChanged = failedIndexes !== undefined && changed("failedIndexes");
  const refuseList = (field: "completedIndexes" | "failedIndexes", detail: string) =>
    check.errors.push(invalid(statusPath.child(field), job.status?.[field] ?? "", detail));
  if (completedChanged && completions !== undefined) {
    const problem = indexesProblem(completedIndexes, completions);
    if (problem !== undefined) refuseList("completedIndexes", `error parsing completedIndexes: ${problem}`);
  }
  if (failedChanged && completions !== undefined && backoffLimitPerIndex !== undefined) {
    const problem = indexesProblem(failedIndexes, completions);
    if (problem !== undefined) refuseList("failedIndexes", `error parsing failedIndexes: ${problem}`);
  }
  if (completedChanged && completedIndexes !== "" && completionMode !== "Indexed") {
    refuseList("completedIndexes", "cannot set non-empty completedIndexes when non-indexed completion mode");
  }
  if (failedChanged && backoffLimitPerIndex === undefined) {
    refuseList("failedIndexes", "cannot set non-null failedIndexes when backoffLimitPerIndex is null");
  }
  if (completions === undefined || failedIndexes === undefined || !(failedChanged || completedChanged)) return;
  const both = overlappingIndex(completedIndexes, failedIndexes, completions);
  if (both !== undefined) {
    refuseList("failedIndexes", `failedIndexes and completedIndexes overlap at index: ${both}`);
  }
}

function validatePods(check: Check, { job, changed, finishedChanged }: Change): void {
  const { active = 0, ready, terminating = 0 } = job.status ?? {};
  if (isFinished(job) && terminating > 0 && (finishedChanged || changed("terminating"))) {
    const detail = "terminating>0 is invalid for finished job";
    check.errors.push(invalid(statusPath.child("terminating"), terminating, detail));
  }
  if (ready !== undefined && ready > active && (changed("ready") || changed("active"))) {
    check.errors.push(invalid(statusPath.child("ready"), ready, "cannot set more ready pods than active"));
  }
}

/** What has succeeded has not failed. */
function validateSuccess(check: Check, { job }: Change): void {
  const met = isTrue(job, "SuccessCriteriaMet");
  if (met && isTrue(job, "Failed")) refuse(check, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (met && isTrue(job, "FailureTarget")) {
    refuse(check, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  }
  if (job.spec?.successPolicy !== undefined && !met && isTrue(job, "Complete")) {
    refuse(check, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
  }
}

/** What is counted and decided is not taken back. */
function validateProgress(check: Check, { job, old, changed }: Change): void {
  for (const type of ["Failed", "Complete", "FailureTarget"]) {
    if (isTrue(old, type) && !isTrue(job, type)) {
      refuse(check, `cannot disable the terminal ${type}=True condition`);
    }
  }
  const { failed = 0, succeeded = 0 } = job.status ?? {};
  if (failed < (old.status?.failed ?? 0)) {
    check.errors.push(invalid(statusPath.child("failed"), failed, "cannot decrease the failed counter"));
  }
  // An indexed job that is made smaller forgets the indexes beyond its new end.
  const { completionMode, completions, parallelism } = job.spec ?? {};
  const elastic = completionMode === "Indexed" && completions === parallelism;
  if (!elastic && succeeded < (old.status?.succeeded ?? 0)) {
    check.errors.push(invalid(statusPath.child("succeeded"), succeeded, "cannot decrease the succeeded counter"));
  }
  const { completionTime, startTime } = job.status ?? {};
  if (completionTime !== undefined && old.status?.completionTime !== undefined && changed("completionTime")) {
    check.errors.push(invalid(statusPath.child("completionTime"), completionTime, "field is immutable"));
  }
  const resuming = isTrue(old, "Suspended") && isFalse(job, "Suspended");
  if (changed("startTime") && !resuming && old.status?.startTime !== undefined && !job.spec?.suspend) {
    const detail = "field is immutable for unsuspended job once set";
    check.errors.push(invalid(statusPath.child("startTime"), startTime ?? null, detail));
  }
  if (isTrue(old, "SuccessCriteriaMet") && !isTrue(job, "SuccessCriteriaMet")) {
    refuse(check, "cannot disable the SuccessCriteriaMet=True condition");
  }
  if (isTrue(old, "Complete") && !isTrue(old, "SuccessCriteriaMet") && isTrue(job, "SuccessCriteriaMet")) {
    refuse(check, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
  }
}
