import { run } from "../process/run.ts";
import { findPackageManager, installCommands, missingTools, type Tool } from "./tools.ts";

export interface InstallOptions {
  readonly root: boolean;
  /** Told before each command. */
  readonly onCommand: (command: string) => void;
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
export async function installTools({ root, onCommand }: InstallOptions): Promise<readonly Tool[]> {
  const missing = await missingTools();
  if (missing.length === 0) return missing;
  const manager = await findPackageManager();
  const named = `a node needs what is not installed here: ${missing.join(", ")}`;
  if (manager === undefined) {
    throw new MachineError(`${named}. Install it with your distribution's package manager, then run this again`);
  }
  const commands = installCommands(manager, missing);
  if (manager !== "apt-get" || !root) {
    const lines = commands.map((command) => `  ${root ? "" : "sudo "}${command}`).join("\n");
    throw new MachineError(`${named}. Type this, then run k8ts up again:\n${lines}`);
  }
  for (const command of commands) {
    onCommand(command);
    const [program = "", ...args] = command.split(" ");
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run(program, args, { timeoutMs, env }).catch((cause) => {
      // Without its newest lists apt may still know the packages.
      if (command === "apt-get update") return;
      throw new MachineError(`${named}, and it could not be installed.\n${cause.message}`, { cause });
    });
  }
  const left = await missingTools();
  if (left.length > 0) {
    throw new MachineError(`${commands.at(-1)} went well, and yet these are not to be found: ${left.join(", ")}`);
  }
  return missing;
}
