import { createHash } from "node:crypto";
import { mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError } from "../command-error.ts";
import { isAlive, startTicksOf } from "../run-state.ts";

/** Outside the directories of clusters: what is locked may be one that comes, or goes. */
const folder = "/run/k8ts";
const pollMs = 50;

export interface LockOptions {
  readonly dataDir: string;
  /** How long another command may take before this one gives up. */
  readonly timeoutMs?: number;
  /** Told once, where another command is waited for. */
  readonly onWait?: (pid: number) => void;
}

interface Holder {
  readonly pid: number;
  readonly startTicks: string;
}

/** Makes commands that start, stop or wipe one cluster come one after another. A holder that was killed holds nothing. */
export async function lockCluster({ dataDir, timeoutMs = 120_000, onWait }: LockOptions): Promise<AsyncDisposable> {
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}.lock`);
  const me: Holder = { pid: process.pid, startTicks: (await startTicksOf(process.pid)) ?? "" };
  const end = performance.now() + timeoutMs;
  for (let told = false; ; ) {
    if (await take(file, me)) return { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
    const holder = await holderOf(file);
    if (holder !== undefined && !(await isAlive(holder))) {
      await rm(file, { force: true });
      continue;
    }
    if (performance.now() > end) {
      throw new CommandError(
        `another command works on ${dataDir} (pid ${holder?.pid ?? "unknown"}): wait until it has ended`,
      );
    }
    if (!told && holder !== undefined) onWait?.(holder.pid);
    told = true;
    await delay(pollMs);
  }
}

async function take(file: string, me: Holder): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(JSON.stringify(me));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Undefined while it is being written. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
