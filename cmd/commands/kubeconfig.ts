import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { CommandError } from "../command-error.ts";
import { dataFiles, defaultDataDir } from "../data-dir.ts";

export function addKubeconfigCommand(program: Command): void {
  program
    .command("kubeconfig")
    .description("print the administrator's kubeconfig")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .action(async ({ dataDir }: { dataDir: string }) => {
      process.stdout.write(await readAdminConf(dataDir));
    });
}

async function readAdminConf(dataDir: string): Promise<string> {
  const { adminConf } = dataFiles(dataDir);
  try {
    return await readFile(adminConf, "utf8");
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") {
      throw new CommandError(`there is no ${adminConf}: start the cluster first (k8ts server --data-dir ${dataDir})`, {
        cause,
      });
    }
    if (code === "EACCES") {
      throw new CommandError(`${adminConf} may only be read by its owner: run this as root (sudo)`, { cause });
    }
    throw cause;
  }
}
