import { stat } from "node:fs/promises";
import { cpus } from "node:os";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import type { CgroupLayout } from "../cgroups/cgroup-layout.ts";
import type { NodeStats } from "../server/options.ts";
import { type CgroupUsage, firstProcess, readCgroupUsage } from "./cgroup-usage.ts";
import { containerMetricsText } from "./container-metrics.ts";
import { CpuRates } from "./cpu-rates.ts";
import { readNetwork } from "./network-usage.ts";
import { readFs, readMachineUsage } from "./node-usage.ts";
import { resourceMetricsText } from "./resource-metrics.ts";
import type {
  ContainerUsage,
  CpuStats,
  FsStats,
  MemoryStats,
  NodeUsage,
  PodUsage,
  Summary,
  SwapStats,
} from "./types.ts";

/** A pod that runs here. */
export interface MeasuredPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly startedAtMs: number;
  /** `PodCgroups.parentOf`. Containers' cgroups lie in it, named by their ids. */
  readonly cgroup: string;
  /** Absent on the node's own network. */
  readonly sandboxId?: string | undefined;
  readonly containers: readonly MeasuredContainer[];
}

export interface MeasuredContainer {
  readonly name: string;
  readonly id: string;
  readonly startedAtMs: number;
  readonly logPath?: string | undefined;
}

export interface NodeStatsOptions {
  readonly nodeName: string;
  readonly layout: CgroupLayout;
  /** The cgroup of all pods, `/kubepods` below the node's own. */
  readonly podsCgroup: string;
  readonly rootDir: string;
  readonly imageDir: string;
  readonly clock: Clock;
  readonly pods: () => Promise<readonly MeasuredPod[]>;
}

/** Amounts at one moment, in the words of the API. */
interface Shown {
  readonly cpu?: CpuStats;
  readonly memory?: MemoryStats;
  readonly swap?: SwapStats;
}

/**
 * What the node, its pods and their containers use: read from cgroups and /proc when somebody asks, never through the
 * runtime, which takes seconds where this takes milliseconds.
 */
export function createNodeStats(options: NodeStatsOptions): Required<NodeStats> {
  const { layout, clock, nodeName, podsCgroup, rootDir, imageDir } = options;
  const rates = new CpuRates();

  const show = (key: string, { cpuNanos, memory, swapBytes }: CgroupUsage, time: string): Shown => {
    const rate = cpuNanos === undefined ? undefined : rates.observe(key, cpuNanos, clock.monotonicMs());
    return {
      ...(cpuNanos === undefined
        ? {}
        : { cpu: { time, ...(rate === undefined ? {} : { usageNanoCores: rate }), usageCoreNanoSeconds: cpuNanos } }),
      ...(memory === undefined ? {} : { memory: shownMemory(memory, time) }),
      ...(swapBytes === undefined ? {} : { swap: { time, swapUsageBytes: swapBytes } }),
    };
  };
  const measure = async (cgroup: string, time: string): Promise<Shown> => {
    const usage = await readCgroupUsage(layout, cgroup);
    return usage === undefined ? {} : show(cgroup, usage, time);
  };

  async function node(time: string, onlyCPUAndMemory: boolean): Promise<NodeUsage> {
    const machine = await readMachineUsage(layout);
    const startTime = formatTime(machine.bootedAtMs);
    const pods: ContainerUsage = { name: "pods", startTime, ...(await measure(podsCgroup, time)) };
    const shown = show("/", machine.usage, time);
    if (onlyCPUAndMemory) return { nodeName, startTime, systemContainers: [pods], ...shown };
    const [network, fs, imageFs] = await Promise.all([
      readNetwork("self", time),
      readFs(rootDir, time),
      readFs(imageDir, time),
    ]);
    const swapAvailableBytes = machine.swapTotalBytes - (machine.usage.swapBytes ?? 0);
    return {
      nodeName,
      systemContainers: [pods],
      startTime,
      ...shown,
      ...(network === undefined ? {} : { network }),
      ...(fs === undefined ? {} : { fs }),
      ...(imageFs === undefined ? {} : { runtime: { imageFs, containerFs: imageFs } }),
      rlimit: { time, maxpid: machine.maxPids, curproc: machine.processes },
      ...(shown.swap === undefined ? {} : { swap: { ...shown.swap, swapAvailableBytes } }),
    };
  }

  async function pod(measured: MeasuredPod, time: string, onlyCPUAndMemory: boolean): Promise<PodUsage> {
    const { name, namespace, uid, startedAtMs, cgroup, sandboxId } = measured;
    const usage = await readCgroupUsage(layout, cgroup);
    const containers = await Promise.all(
      measured.containers.map(async (container): Promise<ContainerUsage> => {
        const shown = await measure(`${cgroup}/${container.id}`, time);
        const logs = onlyCPUAndMemory ? undefined : await logSize(container.logPath, time);
        const startTime = formatTime(container.startedAtMs);
        return { name: container.name, startTime, ...shown, ...(logs === undefined ? {} : { logs }) };
      }),
    );
    const base = { podRef: { name, namespace, uid }, startTime: formatTime(startedAtMs), containers };
    const shown = usage === undefined ? {} : show(cgroup, usage, time);
    if (onlyCPUAndMemory) return { ...base, ...shown };
    const pid = sandboxId === undefined ? undefined : await firstProcess(layout, `${cgroup}/${sandboxId}`);
    const network = pid === undefined ? undefined : await readNetwork(pid, time);
    const processes = usage?.processes;
    return {
      ...base,
      ...shown,
      ...(network === undefined ? {} : { network }),
      ...(processes === undefined ? {} : { process_stats: { process_count: processes } }),
    };
  }

  const collect = async ({ onlyCPUAndMemory }: { readonly onlyCPUAndMemory: boolean }): Promise<Summary> => {
    const time = formatTime(clock.now());
    const measured = await options.pods();
    const summary = {
      node: await node(time, onlyCPUAndMemory),
      pods: await Promise.all(measured.map((each) => pod(each, time, onlyCPUAndMemory))),
    };
    rates.prune(clock.monotonicMs());
    return summary;
  };
  return {
    summary: collect,
    resourceMetrics: async () => resourceMetricsText(await collect({ onlyCPUAndMemory: true }), clock.now()),
    async containerMetrics() {
      const [summary, { memoryBytes }] = await Promise.all([
        collect({ onlyCPUAndMemory: false }),
        readMachineUsage(layout),
      ]);
      return containerMetricsText({ summary, memoryBytes, cpus: cpus().length, atMs: clock.now() });
    },
  };
}

function shownMemory({ limitBytes, ...memory }: NonNullable<CgroupUsage["memory"]>, time: string): MemoryStats {
  const available =
    limitBytes === undefined ? {} : { availableBytes: Math.max(0, limitBytes - memory.workingSetBytes) };
  return { time, ...available, ...memory };
}

/** Of the log being written; rotated ones are not looked for. */
async function logSize(path: string | undefined, time: string): Promise<FsStats | undefined> {
  if (path === undefined) return undefined;
  const found = await stat(path).catch(() => undefined);
  return found === undefined ? undefined : { time, usedBytes: found.blocks * 512, inodesUsed: 1 };
}
