import type { Node } from "../../api/core/v1/node.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { isPodTerminal } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";

// pkg/controller/podgc.

/** --terminated-pod-gc-threshold */
const terminatedThreshold = 12_500;
/** How long a node that nobody has seen may still show up. */
export const defaultQuarantineMs = 40_000;

const outOfService = "node.kubernetes.io/out-of-service";

export interface Observed {
  readonly pod: Pod;
  /** Its node, where it is there. */
  readonly node: Node | undefined;
  /** Since when its node is known to be missing (ms since 1970). */
  readonly missingSinceMs: number | undefined;
  readonly quarantineMs: number;
  /** The server itself says that there is no such node. Asked once the quarantine is over. */
  readonly nodeIsGone: boolean;
  /** Of all namespaces, the pods that have ended; asked for where this is one. */
  readonly terminated: () => readonly Pod[];
  readonly now: number;
}

/**
 * Removes pods that nobody else will: those of nodes that are gone, those that wait for an end that no node will tell, and the
 * oldest of too many that have ended.
 */
export function plan(observed: Observed): readonly Action[] {
  const { pod, node, nodeIsGone, terminated, now } = observed;
  const dying = pod.metadata.deletionTimestamp !== undefined;
  if (nodeIsGone) return failAndDelete(pod, now, "PodGC: node no longer exists");
  if (dying && !pod.spec.nodeName) return failAndDelete(pod, now);
  if (dying && node !== undefined && isOutOfService(node)) return failAndDelete(pod, now);
  return isPodTerminal(pod) ? tooMany(terminated(), terminatedThreshold).flatMap((one) => failAndDelete(one, now)) : [];
}

export function summarize({ missingSinceMs, quarantineMs, nodeIsGone, now }: Observed): Summary {
  if (missingSinceMs === undefined || nodeIsGone) return {};
  // Asked again where the server still had the node.
  return { wakeAtMs: Math.max(missingSinceMs + quarantineMs, now + 1000) };
}

function isOutOfService({ spec, status }: Node): boolean {
  const ready = status.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True");
  return !ready && spec.taints?.some(({ key }) => key === outOfService) === true;
}

/** Those beyond `threshold`: evicted ones first, then the oldest. */
export function tooMany(pods: readonly Pod[], threshold: number): readonly Pod[] {
  if (pods.length <= threshold) return [];
  const keyOf = ({ metadata, status }: Pod): string =>
    `${status?.phase === "Failed" && status.reason === "Evicted" ? 0 : 1} ${metadata.creationTimestamp} ${metadata.name}`;
  return pods
    .map((pod) => ({ pod, key: keyOf(pod) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .slice(0, pods.length - threshold)
    .map(({ pod }) => pod);
}

/** A pod that has not ended has failed: no kubelet is there to say so. Then it goes at once. */
function failAndDelete(pod: Pod, now: number, why?: string): readonly Action[] {
  const { name = "", namespace = "", uid = "", generation } = pod.metadata;
  const remove: Action = { type: "delete", resource: Pod, namespace, name, uid, gracePeriodSeconds: 0 };
  if (isPodTerminal(pod)) return [remove];
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByPodGC",
    message: why,
    lastTransitionTime: formatTime(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const status = { phase: "Failed", ...(why === undefined ? {} : { conditions: [condition] }) };
  const body = { metadata: { uid }, status };
  return [
    { type: "patch", resource: Pod, namespace, name, subresource: "status", patch: { type: "strategic", body } },
    remove,
  ];
}
