import type { Pod, PodCondition } from "../api/generated/types/core-v1.ts";
import { formatTime } from "../apimachinery/time/time.ts";

export interface Verdict {
  readonly reason: "Unschedulable" | "SchedulerError";
  readonly message: string;
  /** Where room is being made; "" where none is any more; absent: as it was. */
  readonly nominatedNodeName?: string | undefined;
  readonly nowMs: number;
}

/**
 * The patch of a pod's status that says it was not placed, and why; undefined where the status says so already
 * (schedule_one.go updatePod). Pure.
 */
export function statusPatch(pod: Pod, verdict: Verdict): object | undefined {
  const { reason, message, nominatedNodeName, nowMs } = verdict;
  const old = pod.status.conditions?.find(({ type }) => type === "PodScheduled");
  const status: { conditions?: readonly PodCondition[]; nominatedNodeName?: string | null } = {};
  const said = old?.status === "False" && old.reason === reason && (old.message ?? "") === message;
  if (!said) {
    const changed = old?.status !== "False";
    status.conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason,
        message,
        ...(pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }),
        lastTransitionTime: changed ? formatTime(nowMs) : (old.lastTransitionTime ?? formatTime(nowMs)),
      },
    ];
  }
  if (nominatedNodeName !== undefined && nominatedNodeName !== (pod.status.nominatedNodeName ?? "")) {
    status.nominatedNodeName = nominatedNodeName === "" ? null : nominatedNodeName;
  }
  if (Object.keys(status).length === 0) return undefined;
  return { metadata: { uid: pod.metadata.uid }, status };
}
