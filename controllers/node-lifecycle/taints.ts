import type { Node } from "../../api/core/v1/node.ts";
import type { NodeCondition, Taint } from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";

// pkg/controller/nodelifecycle, doNoScheduleTaintingPass and processTaintBaseEviction.

export const notReady = "node.kubernetes.io/not-ready";
export const unreachable = "node.kubernetes.io/unreachable";
const unschedulable = "node.kubernetes.io/unschedulable";

/** By type and status of a condition, the taint that keeps new pods away. */
const taintOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReady, Unknown: unreachable },
  MemoryPressure: { True: "node.kubernetes.io/memory-pressure" },
  DiskPressure: { True: "node.kubernetes.io/disk-pressure" },
  NetworkUnavailable: { True: "node.kubernetes.io/network-unavailable" },
  PIDPressure: { True: "node.kubernetes.io/pid-pressure" },
};

const ownNoSchedule: ReadonlySet<string> = new Set([
  unschedulable,
  ...Object.values(taintOf).flatMap((byStatus) => Object.values(byStatus)),
]);

export function readyCondition({ status }: Node): NodeCondition | undefined {
  return status.conditions?.find(({ type }) => type === "Ready");
}

/** How the taints that make pods leave may change: added, only swapped for one another, or taken away. */
export type Eviction = "add" | "swap" | "remove";

/** The taints that a node should have; undefined where it has them. */
export function taintsFor(node: Node, eviction: Eviction, now: number): readonly Taint[] | undefined {
  const { taints = [], unschedulable: cordoned } = node.spec;
  const wanted = new Set<string>();
  for (const { type, status } of node.status.conditions ?? []) {
    const key = taintOf[type]?.[status];
    if (key !== undefined) wanted.add(key);
  }
  if (cordoned) wanted.add(unschedulable);
  const evicting = evictingTaint(node, taints, eviction);
  const kept = taints.filter(({ key, effect }) => {
    if (effect === "NoSchedule" && ownNoSchedule.has(key)) return wanted.has(key);
    return effect !== "NoExecute" || (key !== notReady && key !== unreachable) || key === evicting;
  });
  const has = (key: string, effect: string): boolean => kept.some((one) => one.key === key && one.effect === effect);
  const timeAdded = formatTime(now);
  const added = [...wanted]
    .filter((key) => !has(key, "NoSchedule"))
    .map((key): Taint => ({ key, effect: "NoSchedule", timeAdded }));
  if (evicting !== undefined && !has(evicting, "NoExecute")) {
    added.push({ key: evicting, effect: "NoExecute", timeAdded });
  }
  return kept.length === taints.length && added.length === 0 ? undefined : [...kept, ...added];
}

/** Of a node that is not ready, the key of the taint that makes pods leave. */
function evictingTaint(node: Node, taints: readonly Taint[], eviction: Eviction): string | undefined {
  const status = readyCondition(node)?.status;
  if (eviction === "remove" || status === "True") return undefined;
  const has = taints.find(({ key, effect }) => effect === "NoExecute" && (key === notReady || key === unreachable));
  if (status === undefined) return has?.key;
  if (eviction === "swap" && has === undefined) return undefined;
  return status === "Unknown" ? unreachable : notReady;
}

/** Labels that were called otherwise once: `beta.kubernetes.io/os` says what `kubernetes.io/os` does. */
export function missingLabels({ metadata: { labels = {} } }: Node): Readonly<Record<string, string>> {
  const missing: Record<string, string> = {};
  for (const name of ["os", "arch"]) {
    const value = labels[`kubernetes.io/${name}`];
    if (value !== undefined && labels[`beta.kubernetes.io/${name}`] !== value) {
      missing[`beta.kubernetes.io/${name}`] = value;
    }
  }
  return missing;
}
