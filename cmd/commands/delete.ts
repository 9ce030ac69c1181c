import type { Command } from "commander";
import { defaultDataDir } from "../data-dir.ts";

export function addDeleteCommand(program: Command): void {
  program
    .command("delete")
    .description("stop the cluster and wipe it: its objects, images, certificates and context are gone for good")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .action(async ({ dataDir }: { dataDir: string }) => {
      const { deleteCluster } = await import("../up/down.ts");
      await deleteCluster(dataDir);
    });
}
