import type { Pod } from "../../api/core/v1/pod.ts";

/** The cgroups of QoS classes and pods, on cgroup v1 and v2 (pkg/kubelet/cm; driver cgroupfs). */
export interface PodCgroups {
  /** The sandbox's `cgroup_parent`: `/kubepods/burstable/podUID` below the node's own root. */
  parentOf(pod: Pod): string;
  /** Makes the pod's cgroup with its limits, and its class's. Idempotent. */
  ensure(pod: Pod): Promise<void>;
  /** Removes it, and whatever is left in it. Idempotent. */
  remove(uid: string): Promise<void>;
  /** uids of pods that have a cgroup. */
  known(): Promise<readonly string[]>;
}
