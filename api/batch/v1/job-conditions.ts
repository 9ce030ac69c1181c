import type { Job } from "../../generated/types/batch-v1.ts";

/** True where a condition of the job is True. */
export function isTrue({ status }: Job, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "True") ?? false;
}

export function isFalse({ status }: Job, type: string): boolean {
  return status?.conditions?.some((one) => one.type === type && one.status === "False") ?? false;
}

export function isFinished(job: Job): boolean {
  return isTrue(job, "Complete") || isTrue(job, "Failed");
}
