import type { Pod } from "../api/core/v1/pod.ts";
import type { PodCondition } from "../api/generated/types/core-v1.ts";
import { formatTime } from "../apimachinery/time/time.ts";
import type { ResourceClient } from "../client/mod.ts";

/**
 * Marks a pod as the victim of a more important one, then deletes it, with the grace its spec grants (framework/preemption
 * executor.go PreemptPod).
 */
export async function evict(
  pods: ResourceClient<Pod>,
  victim: Pod,
  preemptor: Pod,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const { name = "", namespace = "", uid, generation } = victim.metadata;
  const inNamespace = pods.namespace(namespace);
  const condition: PodCondition = {
    type: "DisruptionTarget",
    status: "True",
    reason: "PreemptionByScheduler",
    message: `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: formatTime(nowMs),
  };
  const body = { metadata: { uid }, status: { conditions: [condition] } };
  await inNamespace.patch(name, { type: "strategic", body }, { subresource: "status", signal });
  await inNamespace.delete(name, { ...(uid === undefined ? {} : { preconditions: { uid } }), signal });
}
