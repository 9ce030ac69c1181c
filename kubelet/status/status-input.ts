import type { Pod } from "../../api/core/v1/pod.ts";
import type { PodStatus } from "../../api/generated/types/core-v1.ts";
import type { ProbeResults } from "../probes/probe-manager.ts";
import type { RuntimePod } from "../runtime/runtime-pod.ts";
import type { Waiting } from "../worker/memory.ts";

/** Everything a pod's status follows from. */
export interface StatusInput {
  /** As the API has it, with the status the API has. */
  readonly pod: Pod;
  /** The status this kubelet said last; at first, the API's. */
  readonly old: PodStatus;
  readonly runtime: RuntimePod;
  readonly probes: (containerId: string) => ProbeResults;
  /** Why containers wait, by name. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** Containers whose post-start hook is under way: they do not count as running before it has ended. */
  readonly hooked: ReadonlySet<string>;
  /** Volumes are mounted. */
  readonly volumesReady: boolean;
  /**
   * `running`: it is to run, or its containers are still being ended; `stopped`: none of them runs, and none will;
   * `terminated`: and nothing else is left of it.
   */
  readonly stage: "running" | "stopped" | "terminated";
  /** The pod is to end, so that addresses it had are kept. */
  readonly terminating: boolean;
  /** It has failed for a reason beyond its containers: rejected, evicted, or past its deadline. */
  readonly failed: Waiting | undefined;
  readonly nodeIPs: readonly string[];
  readonly nowMs: number;
}
