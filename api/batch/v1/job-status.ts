import { duplicate, invalid, omittedValue, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { type Check, checkNonNegative } from "../../core/v1/pod/validation/check.ts";
import type { Job, JobStatus } from "../../generated/types/batch-v1.ts";
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
  validateCounts(check, job);
  validateConditions(check, change);
  validateTimes(check, change);
  validateFinished(check, change);
  validateIndexes(check, change);
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

/** Which conditions may be true together, and on which ones others wait. */
function validateConditions(check: Check, { job, turned, changed }: Change): void {
  const complete = isTrue(job, "Complete");
  const failed = isTrue(job, "Failed");
  const met = isTrue(job, "SuccessCriteriaMet");
  const failing = isTrue(job, "FailureTarget");
  if (complete && failed && (turned("Complete") || turned("Failed"))) {
    refuse(check, "cannot set Complete=True and Failed=true conditions");
  }
  if (complete && failing && (turned("Complete") || turned("FailureTarget"))) {
    refuse(check, "cannot set Complete=True and FailureTarget=true conditions");
  }
  if (failed && !failing && (turned("Failed") || changed("failedIndexes"))) {
    refuse(check, "cannot set Failed=True condition without the FailureTarget=true condition");
  }
  if (complete && !met && (turned("Complete") || turned("SuccessCriteriaMet"))) {
    refuse(check, "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
  }
  if (met && failed) refuse(check, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
  if (met && failing) refuse(check, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
  if (job.spec?.successPolicy !== undefined && !met && complete) {
    refuse(check, "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True");
  }
}

function validateTimes(check: Check, { job, old, changed, turned, finishedChanged }: Change): void {
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
  if (completionTime !== undefined && old.status?.completionTime !== undefined && changed("completionTime")) {
    check.errors.push(invalid(at, completionTime, "field is immutable"));
  }
  const emptyAndSuspended = job.spec?.suspend === true && job.spec.completions === 0;
  if ((finishedChanged || changed("startTime")) && !emptyAndSuspended && startTime === undefined && isFinished(job)) {
    check.errors.push(required(statusPath.child("startTime"), "startTime is required for finished job"));
  }
  const resuming = isTrue(old, "Suspended") && isFalse(job, "Suspended");
  if (changed("startTime") && !resuming && old.status?.startTime !== undefined && !job.spec?.suspend) {
    const detail = "field is immutable for unsuspended job once set";
    check.errors.push(invalid(statusPath.child("startTime"), startTime ?? null, detail));
  }
}

/** What has ended leaves nothing running or uncounted. */
function validateFinished(check: Check, { job, changed, finishedChanged }: Change): void {
  const { active = 0, ready, terminating = 0, uncountedTerminatedPods: uncounted } = job.status ?? {};
  const finished = isFinished(job);
  const bad = (field: string, value: unknown, detail: string) =>
    check.errors.push(invalid(statusPath.child(field), value, detail));
  if (finished && active > 0 && (finishedChanged || changed("active"))) {
    bad("active", active, "active>0 is invalid for finished job");
  }
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0);
  if (finished && left > 0 && (finishedChanged || changed("uncountedTerminatedPods"))) {
    bad("uncountedTerminatedPods", uncounted, "must be empty for finished job");
  }
  if (finished && terminating > 0 && (finishedChanged || changed("terminating"))) {
    bad("terminating", terminating, "terminating>0 is invalid for finished job");
  }
  if (ready !== undefined && ready > active && (changed("ready") || changed("active"))) {
    bad("ready", ready, "cannot set more ready pods than active");
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
  const completedPlace = statusPath.child("completedIndexes");
  const failedPlace = statusPath.child("failedIndexes");
  if (changed("completedIndexes")) {
    const problem = completions === undefined ? undefined : indexesProblem(completedIndexes, completions);
    if (problem !== undefined) {
      check.errors.push(invalid(completedPlace, completedIndexes, `error parsing completedIndexes: ${problem}`));
    }
    if (completedIndexes !== "" && completionMode !== "Indexed") {
      const detail = "cannot set non-empty completedIndexes when non-indexed completion mode";
      check.errors.push(invalid(completedPlace, completedIndexes, detail));
    }
  }
  if (failedIndexes === undefined) return;
  if (changed("failedIndexes")) {
    const checked = completions !== undefined && backoffLimitPerIndex !== undefined;
    const problem = checked ? indexesProblem(failedIndexes, completions) : undefined;
    if (problem !== undefined) {
      check.errors.push(invalid(failedPlace, failedIndexes, `error parsing failedIndexes: ${problem}`));
    }
    if (backoffLimitPerIndex === undefined) {
      const detail = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
      check.errors.push(invalid(failedPlace, failedIndexes, detail));
    }
  }
  if (completions === undefined || !(changed("failedIndexes") || changed("completedIndexes"))) return;
  const both = overlappingIndex(completedIndexes, failedIndexes, completions);
  if (both !== undefined) {
    const detail = `failedIndexes and completedIndexes overlap at index: ${both}`;
    check.errors.push(invalid(failedPlace, failedIndexes, detail));
  }
}

/** What is counted and decided is not taken back. */
function validateProgress(check: Check, { job, old }: Change): void {
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
  if (isTrue(old, "SuccessCriteriaMet") && !isTrue(job, "SuccessCriteriaMet")) {
    refuse(check, "cannot disable the SuccessCriteriaMet=True condition");
  }
  if (isTrue(old, "Complete") && !isTrue(old, "SuccessCriteriaMet") && isTrue(job, "SuccessCriteriaMet")) {
    refuse(check, "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions");
  }
}
