import type { Pod } from "../../api/core/v1/pod.ts";
import type { PodCondition } from "../../api/generated/types/core-v1.ts";
import { parseTime } from "../../apimachinery/time/time.ts";

// What controllers ask of a pod: pkg/api/v1/pod/util.go and pkg/controller/controller_utils.go.

export function podCondition(pod: Pod, type: string): PodCondition | undefined {
  return pod.status?.conditions?.find((condition) => condition.type === type);
}

export function isPodReady(pod: Pod): boolean {
  return podCondition(pod, "Ready")?.status === "True";
}

/** It has ended, and no container of it will ever run again. */
export function isPodTerminal({ status }: Pod): boolean {
  return status?.phase === "Failed" || status?.phase === "Succeeded";
}

/** It runs or will run, and nobody has asked it to go. */
export function isPodActive(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp === undefined;
}

/** It was asked to go and has not ended. */
export function isPodTerminating(pod: Pod): boolean {
  return !isPodTerminal(pod) && pod.metadata.deletionTimestamp !== undefined;
}

/** When a ready pod has been ready for `minReadySeconds` (ms since 1970); undefined of one that is not, or does not say since when. */
export function availableAtMs(pod: Pod, minReadySeconds: number): number | undefined {
  const condition = podCondition(pod, "Ready");
  if (condition?.status !== "True") return undefined;
  if (minReadySeconds === 0) return 0;
  const { lastTransitionTime } = condition;
  return lastTransitionTime === undefined ? undefined : parseTime(lastTransitionTime) + minReadySeconds * 1000;
}

export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const atMs = availableAtMs(pod, minReadySeconds);
  return atMs !== undefined && atMs <= now;
}
