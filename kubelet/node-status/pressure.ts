import { readFile, statfs } from "node:fs/promises";
import { parseMeminfo } from "./machine.ts";

/** What is left of what a node can run out of. */
export interface Signals {
  readonly memoryAvailableBytes: number;
  readonly nodeFs: FileSystemSignals;
  readonly imageFs: FileSystemSignals;
  readonly pidsAvailable: number;
  readonly pidsTotal: number;
}

export interface FileSystemSignals {
  readonly availableBytes: number;
  readonly totalBytes: number;
  readonly inodesFree: number;
  /** 0: the filesystem does not count them. */
  readonly inodes: number;
}

/** Below these the node is under pressure; fractions are of the whole. */
export interface Thresholds {
  readonly memoryAvailableBytes: number;
  readonly nodeFsAvailable: number;
  readonly nodeFsInodesFree: number;
  readonly imageFsAvailable: number;
  readonly imageFsInodesFree: number;
  /** 0: never. */
  readonly pidsAvailable: number;
}

/** pkg/kubelet/eviction DefaultEvictionHard. */
export const defaultThresholds: Thresholds = {
  memoryAvailableBytes: 100 * 1024 * 1024,
  nodeFsAvailable: 0.1,
  nodeFsInodesFree: 0.05,
  imageFsAvailable: 0.15,
  imageFsInodesFree: 0.05,
  pidsAvailable: 0,
};

export interface Pressure {
  readonly memory: boolean;
  readonly disk: boolean;
  readonly pids: boolean;
}

export function pressureOf(signals: Signals, thresholds: Thresholds = defaultThresholds): Pressure {
  const { nodeFs, imageFs } = signals;
  const isFull = (fs: FileSystemSignals, available: number, inodesFree: number): boolean =>
    fs.availableBytes < fs.totalBytes * available || (fs.inodes > 0 && fs.inodesFree < fs.inodes * inodesFree);
  return {
    memory: signals.memoryAvailableBytes < thresholds.memoryAvailableBytes,
    disk:
      isFull(nodeFs, thresholds.nodeFsAvailable, thresholds.nodeFsInodesFree) ||
      isFull(imageFs, thresholds.imageFsAvailable, thresholds.imageFsInodesFree),
    pids: signals.pidsAvailable < signals.pidsTotal * thresholds.pidsAvailable,
  };
}

/** How long pressure is still reported after it was last seen, so that the node does not waver. */
export const pressureTransitionMs = 300_000;

/** Keeps pressure up until it has been gone for five minutes. */
export class PressureTracker {
  readonly #seenAtMs = new Map<keyof Pressure, number>();

  /** What to report, given what is seen at this moment of a monotonic clock. */
  observe(seen: Pressure, nowMs: number): Pressure {
    const reported = (name: keyof Pressure): boolean => {
      if (seen[name]) this.#seenAtMs.set(name, nowMs);
      const at = this.#seenAtMs.get(name);
      return at !== undefined && nowMs - at < pressureTransitionMs;
    };
    return { memory: reported("memory"), disk: reported("disk"), pids: reported("pids") };
  }
}

/** Of this machine. */
export async function readSignals(rootDir: string, imageDir: string): Promise<Signals> {
  const [meminfo, loadavg, pidMax, nodeFs, imageFs] = await Promise.all([
    readFile("/proc/meminfo", "utf8"),
    readFile("/proc/loadavg", "utf8"),
    readFile("/proc/sys/kernel/pid_max", "utf8"),
    readFileSystem(rootDir),
    // The runtime's folder may come later, or be another machine's.
    readFileSystem(imageDir).catch(() => readFileSystem(rootDir)),
  ]);
  const tasks = Number(/\/(\d+) /.exec(loadavg)?.[1] ?? 0);
  const pidsTotal = Number(pidMax);
  const memoryAvailableBytes = parseMeminfo(meminfo).get("MemAvailable") ?? Number.POSITIVE_INFINITY;
  return { memoryAvailableBytes, nodeFs, imageFs, pidsAvailable: pidsTotal - tasks, pidsTotal };
}

async function readFileSystem(path: string): Promise<FileSystemSignals> {
  const { bavail, blocks, bsize, files, ffree } = await statfs(path);
  return { availableBytes: bavail * bsize, totalBytes: blocks * bsize, inodesFree: ffree, inodes: files };
}
