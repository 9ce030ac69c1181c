import { Pod } from "../../api/core/v1/pod.ts";
import type { Taint, Toleration } from "../../api/generated/types/core-v1.ts";
import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { podCondition } from "../pods/pod-state.ts";
import { tolerates } from "../pods/tolerations.ts";
import type { Action } from "../runner/action.ts";
import type { Summary } from "../runner/controller.ts";

// pkg/controller/tainteviction.

export interface Observed {
  readonly pod: Pod;
  /** Of its node, those of the effect NoExecute. */
  readonly taints: readonly Taint[];
  /** Since when it is known that the pod has to go some time (ms since 1970); undefined where it has not until now. */
  readonly sinceMs: number | undefined;
  readonly now: number;
}

/** When a pod has to leave its node, counted from when that is known; Infinity where it may stay. */
export function toleratedMs(tolerations: readonly Toleration[], taints: readonly Taint[]): number {
  let ms = Infinity;
  for (const taint of taints) {
    const used = tolerations.find((toleration) => tolerates(toleration, taint));
    if (used === undefined) return 0;
    if (used.tolerationSeconds !== undefined) ms = Math.min(ms, Math.max(0, used.tolerationSeconds) * 1000);
  }
  return ms;
}

/** When the pod goes (ms since 1970); undefined where it stays or goes already. */
export function evictionMs({ pod, taints, sinceMs, now }: Observed): number | undefined {
  if (taints.length === 0 || pod.metadata.deletionTimestamp !== undefined) return undefined;
  const ms = toleratedMs(pod.spec.tolerations ?? [], taints);
  return ms === Infinity ? undefined : ms === 0 ? now : (sinceMs ?? now) + ms;
}

/** Says in the pod's status why it goes, then deletes it. */
export function plan(observed: Observed): readonly Action[] {
  const { pod, now } = observed;
  const atMs = evictionMs(observed);
  if (atMs === undefined || atMs > now) return [];
  const { name = "", namespace = "", uid = "", generation } = pod.metadata;
  const target = podCondition(pod, "DisruptionTarget");
  const told = target?.status === "True" && target.reason === "DeletionByTaintManager";
  const remove: Action = {
    type: "delete",
    resource: Pod,
    namespace,
    name,
    uid,
    onDone: () => eviction(`Marking for deletion Pod ${namespace}/${name}`),
  };
  if (told) return [remove];
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "DeletionByTaintManager",
    message: "Taint manager: deleting due to NoExecute taint",
    lastTransitionTime: formatTime(now),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const body = { metadata: { uid }, status: { conditions: [condition] } };
  return [
    { type: "patch", resource: Pod, namespace, name, subresource: "status", patch: { type: "strategic", body } },
    remove,
  ];
}

export function summarize(observed: Observed, failures: readonly ApiError[]): Summary {
  if (failures.length > 0) return {};
  const { pod, sinceMs, now } = observed;
  const atMs = evictionMs(observed);
  if (atMs !== undefined) return atMs > now ? { wakeAtMs: atMs } : {};
  const { name, namespace, deletionTimestamp } = pod.metadata;
  if (sinceMs === undefined || deletionTimestamp !== undefined) return {};
  return { events: [eviction(`Cancelling deletion of Pod ${namespace}/${name}`)] };
}

function eviction(message: string) {
  return { type: "Normal", reason: "TaintManagerEviction", message } as const;
}
