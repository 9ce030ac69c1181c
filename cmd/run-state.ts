import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/** What a running component leaves in `run/` for `status` to find. */
export interface RunState {
  readonly name: string;
  readonly pid: number;
  /** Start time of the process in clock ticks since boot: tells it from another that got its pid later. */
  readonly startTicks: string;
  /** Where it answers, `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly startedAt: string;
}

export async function writeRunState(file: string, state: Omit<RunState, "pid" | "startTicks">): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const whole: RunState = { ...state, pid: process.pid, startTicks: (await startTicksOf(process.pid)) ?? "" };
  await writeFile(file, `${JSON.stringify(whole)}\n`);
}

export async function removeRunState(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** The state of a component that runs; undefined where it left none, or is gone. */
export async function readRunState(file: string): Promise<RunState | undefined> {
  let state: RunState;
  try {
    state = JSON.parse(await readFile(file, "utf8")) as RunState;
  } catch {
    return undefined;
  }
  return (await isAlive(state)) ? state : undefined;
}

/** Whether the process that was seen still runs: a pid alone may be another's by now. */
export async function isAlive(seen: { readonly pid: number; readonly startTicks: string }): Promise<boolean> {
  const ticks = await startTicksOf(seen.pid);
  return ticks !== undefined && ticks === seen.startTicks;
}

/** Field 22 of /proc/PID/stat; undefined where there is no such process (or no /proc). */
export async function startTicksOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19]; // Ended, and only its parent does not know yet.
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, in bytes. */
export async function memoryOf(pid: number): Promise<number | undefined> {
  try {
    const status = await readFile(`/proc/${pid}/status`, "utf8");
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
