import type { DeploymentCondition } from "../../api/generated/types/apps-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";

export type Conditions = readonly DeploymentCondition[];

export interface NewCondition {
  readonly type: "Progressing" | "Available" | "ReplicaFailure";
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function find(conditions: Conditions, type: string): DeploymentCondition | undefined {
  return conditions.find((condition) => condition.type === type);
}

/** Replaces a condition; one of the same status and reason stays as it is (SetDeploymentCondition). */
export function set(conditions: Conditions, next: NewCondition, now: number): Conditions {
  const time = formatTime(now);
  return put(conditions, { ...next, lastUpdateTime: time, lastTransitionTime: time });
}

/** `set`, with the condition's own times. */
export function put(conditions: Conditions, next: DeploymentCondition): Conditions {
  const current = find(conditions, next.type);
  if (current?.status === next.status && current.reason === next.reason) return conditions;
  return replace(conditions, next);
}

/** Replaces a condition even by one of the same reason, so that its time of update moves on. */
export function renew(conditions: Conditions, next: NewCondition, now: number): Conditions {
  const time = formatTime(now);
  return replace(conditions, { ...next, lastUpdateTime: time, lastTransitionTime: time });
}

export function without(conditions: Conditions, type: string): Conditions {
  return find(conditions, type) === undefined ? conditions : conditions.filter((condition) => condition.type !== type);
}

function replace(conditions: Conditions, next: DeploymentCondition): Conditions {
  const current = find(conditions, next.type);
  const keeps = current?.status === next.status && current.lastTransitionTime !== undefined;
  return [
    ...without(conditions, next.type),
    keeps ? { ...next, lastTransitionTime: current.lastTransitionTime! } : next,
  ];
}
