import type { Command } from "commander";
import { defaultDataDir } from "../data-dir.ts";

export function addImageCommand(program: Command): void {
  const image = program.command("image").description("bring images into the cluster, and list them");
  image
    .command("load")
    .description("take images from tar archives (of docker save, or an OCI layout), no registry needed")
    .argument("<tar...>", "the archives")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .action(async (archives: readonly string[], { dataDir }: { dataDir: string }) => {
      const { loadImages } = await import("../up/images.ts");
      await loadImages(dataDir, archives);
    });
  image
    .command("ls")
    .description("list the images that pods can use without a registry")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .action(async ({ dataDir }: { dataDir: string }) => {
      const { listImages } = await import("../up/images.ts");
      await listImages(dataDir);
    });
}
