import type { ContainerStatus, PodCondition, PodStatus } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { kubeletConditions } from "./conditions.ts";

/** Fields of a status that a kubelet writes. Others belong to others. */
const ownFields = [
  "observedGeneration",
  "phase",
  "message",
  "reason",
  "hostIP",
  "hostIPs",
  "podIP",
  "podIPs",
  "startTime",
  "initContainerStatuses",
  "containerStatuses",
  "ephemeralContainerStatuses",
  "qosClass",
  "allocatedResources",
  "resources",
] as const;

/** Lists that the server merges by a key: what is to go must be said. */
const mergedLists = ["hostIPs", "podIPs"] as const;

/**
 * What has to change for the API's status to become this one, as a strategic merge patch's `status`; undefined: nothing.
 * Conditions of others are not touched.
 */
export function statusPatch(api: PodStatus, next: PodStatus): object | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of ownFields) {
    if (semanticEqual(api[field], next[field])) continue;
    patch[field] = next[field] ?? null;
  }
  for (const field of mergedLists) {
    if (patch[field] === undefined || patch[field] === null) continue;
    const kept = new Set(next[field]?.map(({ ip }) => ip));
    const gone = (api[field] ?? []).filter(({ ip }) => !kept.has(ip));
    const order = next[field]?.map(({ ip }) => ({ ip }));
    patch[field] = [...(next[field] ?? []), ...gone.map(({ ip }) => ({ $patch: "delete", ip }))];
    patch[`$setElementOrder/${field}`] = order;
  }
  const conditions = changedConditions(api.conditions ?? [], next.conditions ?? []);
  if (conditions.length > 0) {
    patch["conditions"] = conditions;
    patch["$setElementOrder/conditions"] = orderOf(api.conditions ?? [], next.conditions ?? []);
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function changedConditions(api: readonly PodCondition[], next: readonly PodCondition[]): readonly object[] {
  const changed: object[] = [];
  for (const condition of next) {
    if (!kubeletConditions.has(condition.type)) continue;
    const before = api.find(({ type }) => type === condition.type);
    if (before !== undefined && sameCondition(before, condition)) continue;
    changed.push({ ...condition, ...clearing(before, condition) });
  }
  return changed;
}

function sameCondition(a: PodCondition, b: PodCondition): boolean {
  return (
    a.status === b.status &&
    (a.reason ?? "") === (b.reason ?? "") &&
    (a.message ?? "") === (b.message ?? "") &&
    a.observedGeneration === b.observedGeneration
  );
}

/** A condition that had a reason, and has none now, must say so. */
function clearing(before: PodCondition | undefined, after: PodCondition): object {
  return {
    ...(before?.reason !== undefined && after.reason === undefined ? { reason: null } : {}),
    ...(before?.message !== undefined && after.message === undefined ? { message: null } : {}),
  };
}

function orderOf(api: readonly PodCondition[], next: readonly PodCondition[]): readonly object[] {
  const types = next.map(({ type }) => type);
  const others = api.map(({ type }) => type).filter((type) => !types.includes(type));
  return [...others, ...types].map((type) => ({ type }));
}

/** Whether users wait for this change. Addresses, and that a container was made, can wait for what comes next. */
export function isUrgent(api: PodStatus, next: PodStatus): boolean {
  const ready = ({ conditions = [] }: PodStatus): string | undefined =>
    conditions.find(({ type }) => type === "Ready")?.status;
  return (
    api.phase !== next.phase ||
    api.startTime === undefined ||
    ready(api) !== ready(next) ||
    tellsMore(api.containerStatuses, next.containerStatuses) ||
    tellsMore(api.initContainerStatuses, next.initContainerStatuses) ||
    tellsMore(api.ephemeralContainerStatuses, next.ephemeralContainerStatuses)
  );
}

const untold: ReadonlySet<string | undefined> = new Set([undefined, "ContainerCreating", "PodInitializing"]);

function tellsMore(api: readonly ContainerStatus[] = [], next: readonly ContainerStatus[] = []): boolean {
  if (api.length !== next.length) return true;
  return next.some((status) => {
    const { waiting } = status.state;
    // It is about to run.
    if (waiting !== undefined && untold.has(waiting.reason)) return false;
    return !semanticEqual(
      api.find(({ name }) => name === status.name),
      status,
    );
  });
}
