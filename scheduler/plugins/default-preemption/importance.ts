import type { PodInfo } from "../../cache/pod-info.ts";

/** When a pod began to run; later than any where it has not. RFC 3339 texts of one zone and width sort as times do. */
export function startTimeOf({ pod }: PodInfo): string {
  return pod.status.startTime ?? "~";
}

/** The more important first: by priority, then by how long it has run (pkg/scheduler/util MoreImportantPod). For sort(). */
export function compareImportance(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  const [first, second] = [startTimeOf(a), startTimeOf(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}
