import type { Command } from "commander";
import { buildInfo } from "../build-info.ts";

export function addVersionCommand(program: Command): void {
  program
    .command("version")
    .description("print the version of k8ts and of the Kubernetes API it speaks")
    .action(() => {
      process.stdout.write(
        `k8ts ${buildInfo.version} (${buildInfo.commit}), Kubernetes API v1.36, Node.js ${process.versions.node}\n`,
      );
    });
}
