import type { Node, Pod } from "../../../api/generated/types/core-v1.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import { podRequests } from "../../cache/pod-requests.ts";
import { podLimit, type Resources, resourcesOf } from "../../cache/resources.ts";
import type { Change } from "../../framework/cluster-event.ts";
import { maxScore, type NodeFilter, type Plugin } from "../../framework/plugin.ts";
import type { Rejection } from "../../framework/status.ts";

const name = "NodeResourcesFit";

/** A pod fits where what its node can give, less what the node's pods ask for, is enough (plugins/noderesources fit.go). */
export const nodeResourcesFit: Plugin = {
  name,
  interests: [
    { events: ["AssignedPodDelete"] },
    { events: ["PodScaleDown"], hint: (info, change) => change.kind === "Pod" && frees(info, change.old, change.pod) },
    { events: ["NodeAdd", "NodeAllocatable"], hint: nodeHint },
  ],
  preFilter: ({ requests: { requested } }) => fitFilter(requested),
  preScore: ({ requests: { assumed } }) => ({ score: (node) => leastAllocated(node, assumed) }),
};

type Amounts = Pick<NodeInfo, "milliCpu" | "memoryBytes" | "ephemeralStorageBytes">;

export function fitFilter(requested: Resources): NodeFilter {
  const { milliCpu, memoryBytes, ephemeralStorageBytes, scalars } = requested;
  const nothing = milliCpu === 0 && memoryBytes === 0 && ephemeralStorageBytes === 0 && scalars === undefined;
  return {
    filter(node) {
      const { allocatable } = node;
      const fits =
        node.pods.size < node.podLimit &&
        (nothing ||
          ((milliCpu === 0 || milliCpu <= allocatable.milliCpu - node.milliCpu) &&
            (memoryBytes === 0 || memoryBytes <= allocatable.memoryBytes - node.memoryBytes) &&
            (ephemeralStorageBytes === 0 ||
              ephemeralStorageBytes <= allocatable.ephemeralStorageBytes - node.ephemeralStorageBytes) &&
            (scalars === undefined || scalarsFit(scalars, node))));
      return fits ? undefined : insufficient(requested, node);
    },
  };
}

function scalarsFit(scalars: ReadonlyMap<string, number>, node: NodeInfo): boolean {
  for (const [resource, amount] of scalars) {
    if (amount !== 0 && amount > scalarOf(node.allocatable, resource) - (node.scalars.get(resource) ?? 0)) return false;
  }
  return true;
}

function scalarOf({ scalars }: Resources, resource: string): number {
  return scalars?.get(resource) ?? 0;
}

/** All that is lacking. What the node would not have even when empty, no preemption can bring. */
function insufficient(requested: Resources, node: NodeInfo): Rejection {
  const reasons: string[] = [];
  let unresolvable = false;
  const check = (resource: string, asked: number, capacity: number, used: number): void => {
    if (asked === 0 || asked <= capacity - used) return;
    reasons.push(`Insufficient ${resource}`);
    if (asked > capacity) unresolvable = true;
  };
  if (node.pods.size >= node.podLimit) reasons.push("Too many pods");
  const used: Amounts = node;
  const { allocatable } = node;
  check("cpu", requested.milliCpu, allocatable.milliCpu, used.milliCpu);
  check("memory", requested.memoryBytes, allocatable.memoryBytes, used.memoryBytes);
  check(
    "ephemeral-storage",
    requested.ephemeralStorageBytes,
    allocatable.ephemeralStorageBytes,
    used.ephemeralStorageBytes,
  );
  for (const [resource, amount] of requested.scalars ?? []) {
    check(resource, amount, scalarOf(allocatable, resource), node.scalars.get(resource) ?? 0);
  }
  return { plugin: name, reasons, unresolvable };
}

/** The mean of what is left of CPU and memory, in percent (LeastAllocated, both of weight 1). */
export function leastAllocated(node: NodeInfo, assumed: PodInfo["requests"]["assumed"]): number {
  const { milliCpu, memoryBytes } = node.allocatable;
  let sum = 0;
  let count = 0;
  if (milliCpu !== 0) {
    sum += left(node.assumedMilliCpu + assumed.milliCpu, milliCpu);
    count++;
  }
  if (memoryBytes !== 0) {
    sum += left(node.assumedMemoryBytes + assumed.memoryBytes, memoryBytes);
    count++;
  }
  return count === 0 ? 0 : Math.trunc(sum / count);
}

function left(requested: number, capacity: number): number {
  return requested > capacity ? 0 : Math.trunc(((capacity - requested) * maxScore) / capacity);
}

/** Whether a pod that now asks for less may have made room for this one, or is this one. */
function frees(info: PodInfo, old: Pod | undefined, pod: Pod | undefined): boolean {
  if (pod === undefined || old === undefined) return false;
  if (pod.metadata.uid === info.uid) return true;
  if (!pod.spec.nodeName) return false;
  const before = podRequests(old).requested;
  const after = podRequests(pod).requested;
  return someRequested(info.requests.requested, (read) => read(before) > read(after));
}

/** Whether an empty node of this size would take the pod, and the node of before would less likely have. */
function nodeHint({ requests: { requested } }: PodInfo, change: Change): boolean {
  if (change.kind !== "Node" || change.node === undefined) return false;
  const now = sizeOf(change.node);
  if (now.pods < 1 || someRequested(requested, (read) => read(requested) > read(now.resources))) return false;
  if (change.old === undefined) return true;
  const before = sizeOf(change.old);
  return now.pods > before.pods || someRequested(requested, (read) => read(now.resources) > read(before.resources));
}

function sizeOf({ status }: Node): { readonly resources: Resources; readonly pods: number } {
  return { resources: resourcesOf(status.allocatable), pods: podLimit(status.allocatable) };
}

/** Whether it holds for one of the resources that are asked for. */
function someRequested(requested: Resources, holds: (read: (of: Resources) => number) => boolean): boolean {
  if (requested.milliCpu > 0 && holds((of) => of.milliCpu)) return true;
  if (requested.memoryBytes > 0 && holds((of) => of.memoryBytes)) return true;
  if (requested.ephemeralStorageBytes > 0 && holds((of) => of.ephemeralStorageBytes)) return true;
  for (const [resource, amount] of requested.scalars ?? []) {
    if (amount > 0 && holds((of) => scalarOf(of, resource))) return true;
  }
  return false;
}
