import { readFile, statfs } from "node:fs/promises";
import type { CgroupLayout } from "../cgroups/cgroup-layout.ts";
import { parseMeminfo } from "../node-status/machine.ts";
import { type CgroupUsage, numbersOf, readCgroupUsage } from "./cgroup-usage.ts";
import type { FsStats } from "./types.ts";

export interface MachineUsage {
  readonly usage: CgroupUsage;
  /** Milliseconds since 1970. */
  readonly bootedAtMs: number;
  readonly memoryBytes: number;
  readonly swapTotalBytes: number;
  readonly maxPids: number;
  readonly processes: number;
}

/** The whole machine: its CPU by the root cgroup, or /proc/stat where that does not count; its memory by /proc/meminfo. */
export async function readMachineUsage(layout: CgroupLayout): Promise<MachineUsage> {
  const [root, meminfo, vmstat, stat, loadavg, pidMax] = await Promise.all([
    readCgroupUsage(layout, "/"),
    readFile("/proc/meminfo", "utf8").then(parseMeminfo),
    readFile("/proc/vmstat", "utf8").then(numbersOf),
    readFile("/proc/stat", "utf8"),
    readFile("/proc/loadavg", "utf8"),
    readFile("/proc/sys/kernel/pid_max", "utf8"),
  ]);
  const of = (name: string): number => meminfo.get(name) ?? 0;
  const usageBytes = of("MemTotal") - of("MemFree");
  const processes = Number(/\/(\d+) /.exec(loadavg)?.[1] ?? 0);
  return {
    usage: {
      cpuNanos: root?.cpuNanos ?? busyNanos(stat),
      memory: {
        usageBytes,
        workingSetBytes: Math.max(0, usageBytes - of("Inactive(file)")),
        rssBytes: of("AnonPages"),
        pageFaults: vmstat.get("pgfault") ?? 0,
        majorPageFaults: vmstat.get("pgmajfault") ?? 0,
        limitBytes: of("MemTotal"),
      },
      swapBytes: of("SwapTotal") - of("SwapFree"),
      processes,
    },
    bootedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
    memoryBytes: of("MemTotal"),
    swapTotalBytes: of("SwapTotal"),
    maxPids: Number(pidMax),
    processes,
  };
}

/** All but idling and waiting, of the first line of /proc/stat, which counts hundredths of a second. */
export function busyNanos(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? "")
    .split(" ")
    .map(Number);
  return (user + nice + system + irq + softirq) * 10_000_000;
}

/** Undefined where there is no such folder. */
export async function readFs(path: string, time: string): Promise<FsStats | undefined> {
  try {
    const { bavail, bfree, blocks, bsize, files, ffree } = await statfs(path);
    return {
      time,
      availableBytes: bavail * bsize,
      capacityBytes: blocks * bsize,
      usedBytes: (blocks - bfree) * bsize,
      inodesFree: ffree,
      inodes: files,
      inodesUsed: files - ffree,
    };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
