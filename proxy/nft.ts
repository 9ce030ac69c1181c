import { spawn } from "node:child_process";
import { readlinkSync } from "node:fs";
import { createInterface } from "node:readline";
import { aborted } from "../base/cancellation.ts";

/** The kernel's nftables, as the proxy uses it. */
export interface Nft {
  /** Runs commands as one transaction: all of them take effect at once, or none and it rejects with `NftError`. */
  apply(script: string): Promise<void>;
  /** All sets with their elements, as `nft -j list sets` writes them. Rejects with NftError. */
  listSets(): Promise<string>;
  /**
   * Calls `onMeddled` after somebody else has changed a table of this name. Ends when `signal` aborts; rejects when the
   * watch breaks, and changes may then have been missed. Where others' changes cannot be told from one's own, it waits.
   */
  watch(options: WatchOptions, signal: AbortSignal): Promise<void>;
}

export interface WatchOptions {
  readonly tableName: string;
  /** The watch has begun. */
  readonly onReady: () => void;
  readonly onMeddled: () => void;
}

/** nft refused: `message` has its words. */
export class NftError extends Error {
  override readonly name = "NftError";
}

export interface NftOptions {
  /** How to call nft, default `["nft"]`: `["nsenter", "--net=/run/netns/a", "nft"]` for another network namespace. */
  readonly command?: readonly string[];
}

/** Last of our own processes' ids that are remembered, to know our own changes from others'. */
const ownPids = 256;
const maxErrorLength = 4096;

/** One nft process a transaction. Transactions must not overlap: the caller waits for one before the next. */
export function createNft({ command = ["nft"] }: NftOptions = {}): Nft {
  const [program = "nft", ...prefix] = command;
  const own = new Set<number>();
  return {
    apply: async (script) => void (await run([program, ...prefix, "-f", "-"], script, (pid) => remember(own, pid))),
    listSets: () => run([program, ...prefix, "-j", "list", "sets"], ""),
    watch: (options, signal) =>
      seesKernelPids() ? watchTables([program, ...prefix], own, options, signal) : aborted(signal),
  };
}

/** What nft says on its standard output. */
function run(
  [program = "nft", ...args]: readonly string[],
  input: string,
  onStart?: (pid: number) => void,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
    if (child.pid !== undefined) onStart?.(child.pid);
    let said = "";
    let failure = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (failure.length < maxErrorLength) failure += text;
    });
    child.on("error", (cause) => reject(new NftError(`cannot run ${program}`, { cause })));
    child.on("close", (code, killedBy) => {
      if (code === 0) resolve(said);
      else reject(new NftError(failure.trim().slice(0, maxErrorLength) || `nft ended with ${code ?? killedBy}`));
    });
    // A process that dies early closes the pipe: its exit says why.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** The kernel names processes by their ids of the first pid namespace; in another one nobody can compare them. */
function seesKernelPids(): boolean {
  return readlinkSync("/proc/self/ns/pid") === "pid:[4026531836]"; // PROC_PID_INIT_INO of linux/proc_ns.h
}

function remember(own: Set<number>, pid: number): void {
  own.add(pid);
  if (own.size > ownPids) for (const oldest of own) return void own.delete(oldest);
}

/**
 * `nft monitor` tells the changes of a transaction, then `# new generation 7 by process 4711 (nft)`. Other tables' changes
 * come too, so lines are only looked at for the table's name.
 */
function watchTables(
  [program = "nft", ...prefix]: readonly string[],
  own: ReadonlySet<number>,
  { tableName, onReady, onMeddled }: WatchOptions,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...prefix, "monitor"], { stdio: ["ignore", "pipe", "ignore"] });
    const stop = (): void => void child.kill("SIGKILL");
    signal.addEventListener("abort", stop, { once: true });
    const isOurs = new RegExp(` ip6? ${tableName.replace(/[^\w-]/g, "\\$&")}( |$)`);
    let touched = false;
    child.on("spawn", onReady);
    child.on("error", (cause) => reject(new NftError(`cannot run ${program}`, { cause })));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const generation = /^# new generation \d+ by process (\d+)/.exec(line);
      if (line.startsWith("# ERROR"))
        touched = false; // It lost events: whose they were is not known.
      else if (generation === null) touched ||= isOurs.test(line);
      else {
        if (touched && !own.has(Number(generation[1]))) onMeddled();
        touched = false;
      }
    });
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) resolve();
      else reject(new NftError(`nft monitor ended with ${code ?? killedBy}`));
    });
  });
}
