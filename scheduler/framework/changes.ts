import type { Node, NodeStatus, Pod } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { podRequests } from "../cache/pod-requests.ts";
import type { NodeChange, PodChange } from "./cluster-event.ts";

/** What of an updated node could let a pod go (pkg/scheduler/framework NodeSchedulingPropertiesChange). Pure. */
export function nodeChanges(old: Node, node: Node): readonly NodeChange[] {
  const changes: NodeChange[] = [];
  const say = (event: NodeChange["event"]): void => void changes.push({ kind: "Node", event, old, node });
  const uncordoned = old.spec.unschedulable === true && node.spec.unschedulable !== true;
  if (uncordoned || !semanticEqual(old.spec.taints ?? [], node.spec.taints ?? [])) say("NodeTaint");
  if (!semanticEqual(old.status.allocatable ?? {}, node.status.allocatable ?? {})) say("NodeAllocatable");
  if (!semanticEqual(old.metadata.labels ?? {}, node.metadata.labels ?? {})) say("NodeLabel");
  if (!semanticEqual(conditions(old.status), conditions(node.status))) say("NodeCondition");
  if (!semanticEqual(old.metadata.annotations ?? {}, node.metadata.annotations ?? {})) say("NodeAnnotation");
  return changes;
}

function conditions(status: NodeStatus): Record<string, string> {
  return Object.fromEntries((status.conditions ?? []).map((condition) => [condition.type, condition.status]));
}

/** What of an updated pod could let it, or another one, go (pkg/scheduler/framework PodSchedulingPropertiesChange). Pure. */
export function podChanges(old: Pod, pod: Pod): readonly PodChange[] {
  const changes: PodChange[] = [];
  const say = (event: PodChange["event"]): void => void changes.push({ kind: "Pod", event, old, pod });
  if (!semanticEqual(old.metadata.labels ?? {}, pod.metadata.labels ?? {})) say("PodLabel");
  if (isScaledDown(old, pod)) say("PodScaleDown");
  if ((pod.spec.schedulingGates ?? []).length === 0 && (old.spec.schedulingGates ?? []).length > 0) {
    say("PodGatesEliminated");
  }
  // Tolerations can be added, and neither changed nor removed.
  if ((old.spec.tolerations ?? []).length !== (pod.spec.tolerations ?? []).length) say("PodToleration");
  if (changes.length === 0) say("PodUpdate");
  return changes;
}

function isScaledDown(old: Pod, pod: Pod): boolean {
  const sameSpec =
    old.spec.containers === pod.spec.containers || semanticEqual(old.spec.containers, pod.spec.containers);
  if (sameSpec && semanticEqual(old.status.containerStatuses ?? [], pod.status.containerStatuses ?? [])) return false;
  const before = podRequests(old).requested;
  const after = podRequests(pod).requested;
  if (before.milliCpu > after.milliCpu || before.memoryBytes > after.memoryBytes) return true;
  if (before.ephemeralStorageBytes > after.ephemeralStorageBytes) return true;
  for (const [name, amount] of before.scalars ?? []) if (amount > (after.scalars?.get(name) ?? 0)) return true;
  return false;
}
