import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Clock } from "../../base/clock.ts";
import { childCgroups, makeCgroup, removeCgroup, writeCgroup } from "./cgroup-files.ts";
import { type CgroupLayout, cgroupWrites } from "./cgroup-layout.ts";
import type { PodCgroups } from "./pod-cgroups.ts";
import {
  type CgroupResources,
  milliCpuOf,
  milliCpuToShares,
  type PodResourcesOptions,
  podRequests,
  podResources,
  qosClassOf,
} from "./pod-resources.ts";

export interface PodCgroupsOptions extends PodResourcesOptions {
  /** What there is on this machine: `await readCgroupLayout()`. */
  readonly layout: CgroupLayout;
  /** The node's own cgroup, `/k8ts/abc`; "/" for the machine's root, as upstream. */
  readonly root: string;
  readonly clock: Clock;
  /** What all pods together may have: the node's allocatable. Absent: no bound but the machine's. */
  readonly allocatable?: { readonly milliCpu: number; readonly memoryBytes: number };
}

export interface NodeCgroups extends PodCgroups {
  /** The cgroup of all pods. */
  readonly podsCgroup: string;
  /** Removes the node's own cgroup with all pods' and whatever runs in them. Not where it is the machine's root: then kubepods. */
  removeRoot(): Promise<void>;
}

/** Makes cgroups as files say (pkg/kubelet/cm with the driver cgroupfs). */
export function createPodCgroups(options: PodCgroupsOptions): NodeCgroups {
  const { layout, root, clock } = options;
  const kubepods = join("/", root, "kubepods");
  const classes = [kubepods, `${kubepods}/burstable`, `${kubepods}/besteffort`] as const;
  /** The class that each pod's cgroup was made in, as far as this process has made it. */
  const made = new Map<string, string>();
  /** What the burstable pods of this node ask for, in thousandths of a CPU. */
  const burstable = new Map<string, number>();
  let ready: Promise<void> | undefined;
  let burstableShares = -1;

  const prepareClasses = async (): Promise<void> => {
    const { allocatable } = options;
    for (const cgroup of classes) await makeCgroup(layout, cgroup);
    if (allocatable !== undefined) {
      const { milliCpu, memoryBytes } = allocatable;
      await give(kubepods, { cpuShares: milliCpuToShares(milliCpu), memoryLimitBytes: memoryBytes });
    }
    await give(classes[2], { cpuShares: 2 });
    await shareBurstable();
  };
  const give = (cgroup: string, resources: CgroupResources): Promise<void> =>
    writeCgroup(cgroupWrites(layout, cgroup, resources));
  /** The class of burstable pods weighs as much as what they ask for together (qos_container_manager_linux.go). */
  const shareBurstable = async (): Promise<void> => {
    const shares = milliCpuToShares([...burstable.values()].reduce((sum, milliCpu) => sum + milliCpu, 0));
    if (shares === burstableShares) return;
    burstableShares = shares;
    await give(classes[1], { cpuShares: shares });
  };
  const classOf = (pod: Pod): string => {
    const qosClass = qosClassOf(pod);
    return qosClass === "Guaranteed" ? kubepods : `${kubepods}/${qosClass.toLowerCase()}`;
  };
  const parentOf = (pod: Pod): string => `${classOf(pod)}/pod${pod.metadata.uid}`;

  return {
    podsCgroup: kubepods,
    parentOf,
    async ensure(pod) {
      ready ??= prepareClasses();
      try {
        await ready;
      } catch (error) {
        ready = undefined;
        throw error;
      }
      const cgroup = parentOf(pod);
      made.set(pod.metadata.uid ?? "", classOf(pod));
      await makeCgroup(layout, cgroup, classOf(pod));
      await give(cgroup, podResources(pod, options));
      if (qosClassOf(pod) !== "Burstable") return;
      burstable.set(pod.metadata.uid ?? "", milliCpuOf(podRequests(pod)));
      await shareBurstable();
    },
    async remove(uid) {
      const parent = made.get(uid);
      for (const each of parent === undefined ? classes : [parent]) {
        await removeCgroup(layout, `${each}/pod${uid}`, clock);
      }
      made.delete(uid);
      if (burstable.delete(uid)) await shareBurstable();
    },
    async known() {
      const found = new Set<string>();
      for (const parent of classes) {
        for (const name of await childCgroups(layout, parent)) if (name.startsWith("pod")) found.add(name.slice(3));
      }
      return [...found];
    },
    async removeRoot() {
      await removeCgroup(layout, root === "/" || root === "" ? kubepods : root, clock);
      ready = undefined;
      burstable.clear();
      burstableShares = -1;
    },
  };
}
