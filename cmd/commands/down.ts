import type { Command } from "commander";
import { defaultDataDir } from "../data-dir.ts";

export function addDownCommand(program: Command): void {
  program
    .command("down")
    .description("stop the cluster and its pods, keeping its state: up goes on with it")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .action(async ({ dataDir }: { dataDir: string }) => {
      const { down } = await import("../up/down.ts");
      await down(dataDir);
    });
}
