import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { findPackageManager, installCommands, missingTools, packagesOf, type Tool } from "./tools.ts";

export interface InstallOptions {
  readonly root: boolean;
  /** Told before each command. */
  readonly onCommand: (command: string) => void;
  /** Told while one runs: what it fetches and sets up. */
  readonly onProgress: (line: string) => void;
}

/** A machine that lacks something, in words that say what to do. */
export class MachineError extends Error {
  override readonly name = "MachineError";
}

const timeoutMs = 600_000;

/**
 * Installs what a node needs and the machine lacks, by apt, where this is root. Elsewhere it throws a MachineError with the
 * commands that do it. Gives what it has installed.
 */
export async function installTools({ root, onCommand, onProgress }: InstallOptions): Promise<readonly Tool[]> {
  const missing = await missingTools();
  if (missing.length === 0) return missing;
  const manager = await findPackageManager();
  const named = `a node needs what is not installed here: ${missing.join(", ")}`;
  if (manager === undefined) {
    throw new MachineError(
      `${named}. Install it by hand, then run this again; Debian's packages are called ${packagesOf("apt-get", missing).join(", ")}`,
    );
  }
  const commands = installCommands(manager, missing);
  const lines = commands.map((command) => `\n  ${root ? "" : "sudo "}${command}`).join("");
  if (manager !== "apt-get" || !root) {
    throw new MachineError(`${named}. Type this, then run k8ts up again:${lines}`);
  }
  for (const command of commands) {
    onCommand(command);
    const said = await runAloud(command, onProgress);
    // Without its newest lists apt may still know the packages.
    if (said === undefined || command === "apt-get update") continue;
    throw new MachineError(
      `${named}, and apt could not install it: ${said}\nWhen its cause is gone, run this again; or type yourself:${lines}`,
    );
  }
  const left = await missingTools();
  if (left.length > 0) {
    throw new MachineError(`${commands.at(-1)} went well, and yet these are not to be found: ${left.join(", ")}`);
  }
  return missing;
}

/** Of all that apt says, what shows that it goes on. */
const progress = /^(Get:\d|Unpacking |Setting up )/;

/** Runs a command and hands on how it goes. Gives why it failed; undefined where it went well. */
async function runAloud(command: string, onProgress: (line: string) => void): Promise<string | undefined> {
  const [program = "", ...args] = command.split(" ");
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" };
  const child = spawn(program, args, { env, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => {
    if (progress.test(line)) onProgress(line);
  });
  createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
  const [code] = (await once(child, "close")) as [number | null];
  return code === 0 ? undefined : reasonIn(errors, code);
}

/** The first of apt's complaints: the others are of the same kind, or follow from it. */
export function reasonIn(errors: readonly string[], code: number | null): string {
  const complaints = errors.filter((line) => line.startsWith("E: "));
  const [first = errors.at(-1) ?? (code === null ? "it was ended" : `it ended with ${code}`)] = complaints;
  const more = complaints.length - 1;
  return `${first.replace(/^E: /, "")}${more > 0 ? ` (and ${more} more)` : ""}`;
}
