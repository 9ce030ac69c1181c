import { type Command, Option } from "commander";
import { defaultDataDir } from "../data-dir.ts";

export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("show what runs, where, its memory and health; exits with 1 where the cluster is not ready")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .addOption(new Option("-o, --output <format>", "text or json").choices(["text", "json"]).default("text"))
    .action(async ({ dataDir, output }: { dataDir: string; output: string }) => {
      const { clusterStatus, textOfStatus } = await import("../up/status.ts");
      const status = await clusterStatus(dataDir);
      process.stdout.write(output === "json" ? `${JSON.stringify(status)}\n` : textOfStatus(dataDir, status));
      process.exitCode = status.ready ? 0 : 1;
    });
}
