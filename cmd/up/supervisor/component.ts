import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../../certificates/files.ts";

/** A program that a cluster needs, and how to run it. */
export interface ComponentCommand {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Takes its standard output and error. Absolute. */
  readonly log: string;
  /** Below the cluster's cgroup. */
  readonly cgroup: string;
}

/** All that a supervisor is told. */
export interface SupervisorOrders {
  readonly cgroupRoot: string;
  readonly components: readonly ComponentCommand[];
  /** Changes with the program: what runs by other orders is started anew. */
  readonly build: string;
}

/** What is known of a component's process; in `run/supervised/NAME.json`. */
export interface ComponentRecord {
  readonly name: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: tells it from another that got its pid later. */
  readonly startTicks: string;
  readonly startedAt: string;
  /** Ends since this cluster was last started. */
  readonly exits: number;
  /** How it last ended: `exited with 1`, `was killed by SIGKILL`. */
  readonly lastExit?: string;
}

export function ordersFile(dataDir: string): string {
  return join(dataDir, "run", "orders.json");
}

export function recordFile(dataDir: string, name: string): string {
  return join(dataDir, "run", "supervised", `${name}.json`);
}

export function supervisorFile(dataDir: string): string {
  return join(dataDir, "run", "supervisor.json");
}

export async function writeJson(file: string, value: unknown): Promise<void> {
  await writeAtomically(file, `${JSON.stringify(value)}\n`, 0o644);
}

/** Undefined where there is none, or it is no JSON. */
export async function readJson<Value>(file: string): Promise<Value | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Value;
  } catch {
    return undefined;
  }
}
