import { type Command, Option } from "commander";
import { defaultDataDir } from "../data-dir.ts";

/** Flags of every component that runs in a process of its own, beside the API server's. */
export interface ComponentFlags {
  readonly dataDir: string;
  readonly kubeconfig?: string;
  readonly logLevel: string;
}

export interface LeaderFlags extends ComponentFlags {
  readonly leaderElect: string;
}

export function addComponentFlags(command: Command, kubeconfig: string): Command {
  return command
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .option(
      "--kubeconfig <file>",
      `how to reach the API server, and as whom (default: ${kubeconfig} in the data directory)`,
    )
    .addOption(
      new Option("--log-level <level>", "least important messages that are written to standard error, as JSON")
        .choices(["debug", "info", "warn", "error"])
        .default("info"),
    );
}

export function addLeaderFlags(command: Command, kubeconfig: string): Command {
  return addComponentFlags(command, kubeconfig).addOption(
    new Option("--leader-elect <yes>", "whether to wait until no other of its kind leads")
      .choices(["true", "false"])
      .default("true"),
  );
}
