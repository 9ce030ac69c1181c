import type { Clock } from "../../base/clock.ts";
import { readCgroupLayout } from "../cgroups/cgroup-layout.ts";
import { createPodCgroups } from "../cgroups/create-pod-cgroups.ts";
import type { NodeApi } from "../server/node-api.ts";
import type { NodeStats } from "../server/options.ts";
import { createNodeStats } from "./create-node-stats.ts";
import { measuredPods } from "./measured-pods.ts";

export interface StatsOfNodeOptions {
  readonly nodeName: string;
  /** As the kubelet's. */
  readonly cgroupRoot: string;
  readonly rootDir: string;
  readonly imageDir: string;
  readonly clock: Clock;
}

/** What this machine's pods use, for `KubeletOptions.stats`. */
export async function statsOfNode(options: StatsOfNodeOptions): Promise<(api: NodeApi) => NodeStats> {
  const layout = await readCgroupLayout();
  const cgroups = createPodCgroups({ layout, root: options.cgroupRoot, clock: options.clock });
  const { podsCgroup } = cgroups;
  return (api) => createNodeStats({ ...options, layout, podsCgroup, pods: measuredPods(api, cgroups) });
}
