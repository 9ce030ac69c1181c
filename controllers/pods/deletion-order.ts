import { isRestartableInitContainer } from "../../api/core/v1/pod/containers.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import { isPodActive, isPodReady, podCondition } from "./pod-state.ts";

export interface DeletionOptions {
  /** Pods that count as neighbours: of two on one node each makes the other the better choice. */
  readonly related: readonly Pod[];
  readonly now: number;
}

/**
 * The `count` pods that are missed least, of a set of equals (controller.ActivePodsWithRanks): first those on no node, then
 * by phase, not ready before ready, by `controller.kubernetes.io/pod-deletion-cost`, those with more neighbours of their kind on their node, the
 * ones ready for a shorter time, with more restarts, younger. Times count by their order of magnitude, so that equals go in
 * an order that is nobody's. Pure; gives all that there are where `count` is more.
 */
export function podsToDelete(pods: readonly Pod[], count: number, { related, now }: DeletionOptions): readonly Pod[] {
  if (count >= pods.length) return pods;
  const onNode = new Map<string, number>();
  for (const pod of related) {
    if (isPodActive(pod)) onNode.set(nodeOf(pod), (onNode.get(nodeOf(pod)) ?? 0) + 1);
  }
  const ranked = pods.map((pod) => rank(pod, onNode.get(nodeOf(pod)) ?? 0, now));
  return ranked
    .sort(compare)
    .slice(0, count)
    .map(({ pod }) => pod);
}

interface Ranked {
  readonly pod: Pod;
  /** Compared in turn; the smaller goes first. */
  readonly keys: readonly number[];
  readonly readyMagnitude: number | undefined;
  readonly restarts: readonly number[];
  readonly ageMagnitude: number;
  readonly uid: string;
  readonly readySince: string | undefined;
}

function rank(pod: Pod, neighbours: number, now: number): Ranked {
  const ready = isPodReady(pod);
  const readySince = ready ? podCondition(pod, "Ready")?.lastTransitionTime : undefined;
  return {
    pod,
    keys: [nodeOf(pod) === "" ? 0 : 1, phaseRank(pod), ready ? 1 : 0, deletionCost(pod), -neighbours],
    readySince,
    readyMagnitude: ready ? magnitude(readySince, now) : undefined,
    restarts: restarts(pod),
    ageMagnitude: magnitude(pod.metadata.creationTimestamp, now),
    uid: pod.metadata.uid ?? "",
  };
}

function compare(a: Ranked, b: Ranked): number {
  for (let i = 0; i < a.keys.length; i++) {
    const difference = a.keys[i]! - b.keys[i]!;
    if (difference !== 0) return difference;
  }
  const byUid = a.uid < b.uid ? -1 : a.uid > b.uid ? 1 : 0;
  if (a.readyMagnitude !== undefined && b.readyMagnitude !== undefined && a.readySince !== b.readySince) {
    return a.readyMagnitude - b.readyMagnitude || byUid;
  }
  for (let i = 0; i < a.restarts.length; i++) {
    const difference = b.restarts[i]! - a.restarts[i]!;
    if (difference !== 0) return difference;
  }
  return a.ageMagnitude - b.ageMagnitude || byUid;
}

function nodeOf({ spec }: Pod): string {
  return spec?.nodeName ?? "";
}

const phaseRanks: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 };

function phaseRank({ status }: Pod): number {
  return phaseRanks[status?.phase ?? ""] ?? 0;
}

/** 0 where none, or none that can be read (helper.GetDeletionCostFromPodAnnotations). */
function deletionCost({ metadata }: Pod): number {
  const text = metadata.annotations?.["controller.kubernetes.io/pod-deletion-cost"];
  if (text === undefined || !/^(0|-?[1-9][0-9]*)$/.test(text)) return 0;
  const cost = Number(text);
  return (cost | 0) === cost ? cost : 0;
}

/** Doublings of a nanosecond since the time; -1 of the future; none was never, which is the shortest. */
function magnitude(time: string | undefined, now: number): number {
  if (time === undefined) return -2;
  const ms = now - parseTime(time);
  return ms > 0 ? Math.trunc(Math.log2(ms * 1e6)) : -1;
}

/** The most restarts of a container, then of a sidecar. */
function restarts({ spec, status }: Pod): readonly [number, number] {
  let containers = 0;
  let sidecars = 0;
  for (const { restartCount = 0 } of status?.containerStatuses ?? []) containers = Math.max(containers, restartCount);
  for (const { name, restartCount = 0 } of status?.initContainerStatuses ?? []) {
    const container = spec?.initContainers?.find((one) => one.name === name);
    if (container !== undefined && isRestartableInitContainer(container)) sidecars = Math.max(sidecars, restartCount);
  }
  return [containers, sidecars];
}
