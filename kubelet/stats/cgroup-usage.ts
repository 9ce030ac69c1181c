import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CgroupLayout, cgroupDirectory } from "../cgroups/cgroup-layout.ts";

/** What a cgroup, with those below it, has used. */
export interface CgroupUsage {
  /** Nanoseconds of CPU since it was made; undefined: nobody counts. */
  readonly cpuNanos: number | undefined;
  readonly memory: CgroupMemory | undefined;
  readonly swapBytes: number | undefined;
  /** Processes in it and below it. */
  readonly processes: number | undefined;
}

export interface CgroupMemory {
  readonly usageBytes: number;
  /** Without what the kernel can drop: files not looked at for a while (cadvisor's working set). */
  readonly workingSetBytes: number;
  readonly rssBytes: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
  /** Undefined: no limit. */
  readonly limitBytes: number | undefined;
}

/** A few small reads; undefined where there is no such cgroup. */
export async function readCgroupUsage(layout: CgroupLayout, cgroup: string): Promise<CgroupUsage | undefined> {
  const usage = layout.version === 2 ? await readUnified(join(layout.mount, cgroup)) : await readV1(layout, cgroup);
  return usage.cpuNanos === undefined && usage.memory === undefined ? undefined : usage;
}

async function readUnified(path: string): Promise<CgroupUsage> {
  const [cpu, current, stat, max, swap, pids] = await Promise.all(
    ["cpu.stat", "memory.current", "memory.stat", "memory.max", "memory.swap.current", "pids.current"].map((file) =>
      read(join(path, file)),
    ),
  );
  const cpuMicros = numbersOf(cpu).get("usage_usec");
  const numbers = numbersOf(stat);
  return {
    cpuNanos: cpuMicros === undefined ? undefined : cpuMicros * 1000,
    memory: memoryOf(numberOf(current), limitOf(numberOf(max)), {
      inactiveFile: numbers.get("inactive_file"),
      rss: numbers.get("anon"),
      pageFaults: numbers.get("pgfault"),
      majorPageFaults: numbers.get("pgmajfault"),
    }),
    swapBytes: numberOf(swap),
    processes: numberOf(pids),
  };
}

async function readV1(layout: CgroupLayout, cgroup: string): Promise<CgroupUsage> {
  const file = async (controller: string, name: string): Promise<string | undefined> => {
    const directory = cgroupDirectory(layout, controller, cgroup);
    return directory === undefined ? undefined : read(join(directory, name));
  };
  const [cpu, usage, stat, limit, pids] = await Promise.all([
    file("cpuacct", "cpuacct.usage"),
    file("memory", "memory.usage_in_bytes"),
    file("memory", "memory.stat"),
    file("memory", "memory.limit_in_bytes"),
    file("pids", "pids.current"),
  ]);
  const numbers = numbersOf(stat);
  return {
    cpuNanos: numberOf(cpu),
    memory: memoryOf(numberOf(usage), limitOf(numberOf(limit)), {
      inactiveFile: numbers.get("total_inactive_file"),
      rss: numbers.get("total_rss"),
      pageFaults: numbers.get("total_pgfault"),
      majorPageFaults: numbers.get("total_pgmajfault"),
    }),
    swapBytes: numbers.get("total_swap"),
    processes: numberOf(pids),
  };
}

interface MemoryParts {
  readonly inactiveFile: number | undefined;
  readonly rss: number | undefined;
  readonly pageFaults: number | undefined;
  readonly majorPageFaults: number | undefined;
}

function memoryOf(
  usageBytes: number | undefined,
  limitBytes: number | undefined,
  { inactiveFile = 0, rss = 0, pageFaults = 0, majorPageFaults = 0 }: MemoryParts,
): CgroupMemory | undefined {
  if (usageBytes === undefined) return undefined;
  const workingSetBytes = Math.max(0, usageBytes - inactiveFile);
  return { usageBytes, workingSetBytes, rssBytes: rss, pageFaults, majorPageFaults, limitBytes };
}

/** v1 writes no limit as the largest number of pages, v2 as `max`. */
function limitOf(limit: number | undefined): number | undefined {
  return limit === undefined || limit >= 2 ** 62 ? undefined : limit;
}

/** `name value` a line. */
export function numbersOf(text: string | undefined): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const line of text?.split("\n") ?? []) {
    const space = line.indexOf(" ");
    if (space > 0) numbers.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return numbers;
}

function numberOf(text: string | undefined): number | undefined {
  const number = Number(text?.trim() || "x");
  return Number.isNaN(number) ? undefined : number;
}

/** Undefined for what is not there, or goes while it is read. */
async function read(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

/** The first process in a cgroup itself; undefined: there is none. */
export async function firstProcess(layout: CgroupLayout, cgroup: string): Promise<number | undefined> {
  const controller = layout.version === 1 ? (Object.keys(layout.controllers)[0] ?? "") : (layout.controllers[0] ?? "");
  const candidates = layout.version === 1 ? ["pids", "memory", "cpu", controller] : [controller];
  for (const name of candidates) {
    const directory = cgroupDirectory(layout, name, cgroup);
    const pid = directory === undefined ? 0 : Number.parseInt((await read(join(directory, "cgroup.procs"))) ?? "0", 10);
    if (pid > 0) return pid;
  }
  return undefined;
}
