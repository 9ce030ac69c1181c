import { Command, CommanderError } from "commander";
import { CommandError } from "./command-error.ts";
import { addApiserverCommand } from "./commands/apiserver.ts";
import { addControllerManagerCommand } from "./commands/controller-manager.ts";
import { addDeleteCommand } from "./commands/delete.ts";
import { addDownCommand } from "./commands/down.ts";
import { addImageCommand } from "./commands/image.ts";
import { addKubeconfigCommand } from "./commands/kubeconfig.ts";
import { addNodeCommands } from "./commands/node.ts";
import { addSchedulerCommand } from "./commands/scheduler.ts";
import { addServerCommand } from "./commands/server.ts";
import { addStatusCommand } from "./commands/status.ts";
import { addUpCommand } from "./commands/up.ts";
import { addVersionCommand } from "./commands/version.ts";

const examples = `
Examples:
  sudo k8ts up                                         a cluster on this machine, ready for kubectl
  sudo k8ts status                                     does it run, and is it well?
  sudo k8ts image load app.tar                         bring images in, no registry needed
  sudo k8ts delete                                     wipe it, leaving nothing
  k8ts server --data-dir ./data                        the control plane alone, in ./data
  k8ts help up                                         all flags of a command
`;

/** Reads the command line and runs what it asks for. Failures are told on standard error; the exit code says which kind. */
export async function runProgram(): Promise<void> {
  // Whoever reads the output may have read enough (`| head`).
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 74));
  const program = new Command("k8ts")
    .description("Kubernetes written in TypeScript: a cluster on this machine")
    .addHelpText("after", examples)
    .showHelpAfterError("(k8ts --help lists the commands)")
    .exitOverride();

  addUpCommand(program);
  addDownCommand(program);
  addDeleteCommand(program);
  addServerCommand(program);
  addApiserverCommand(program);
  addControllerManagerCommand(program);
  addSchedulerCommand(program);
  addNodeCommands(program);
  addStatusCommand(program);
  addImageCommand(program);
  addKubeconfigCommand(program);
  addVersionCommand(program);

  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode;
    } else if (error instanceof CommandError) {
      process.stderr.write(`k8ts: ${error.message}\n`);
      process.exitCode = error.exitCode;
    } else {
      process.stderr.write(
        `k8ts: unexpected failure, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 70;
    }
  }
}
