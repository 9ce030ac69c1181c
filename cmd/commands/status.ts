import { readFile } from "node:fs/promises";
import { request } from "node:https";
import { type Command, Option } from "commander";
import { readKubeconfig } from "../certificates/kubeconfig.ts";
import { dataFiles, defaultDataDir } from "../data-dir.ts";
import { memoryOf, readRunState } from "../run-state.ts";

interface ComponentStatus {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly startedAt: string;
  readonly memoryBytes: number | undefined;
  readonly healthy: boolean;
}

const readyTimeoutMs = 3_000;

export function addStatusCommand(program: Command): void {
  program
    .command("status")
    .description("show what runs, where, its memory and health; exits with 1 where the cluster is not ready")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .addOption(new Option("-o, --output <format>", "text or json").choices(["text", "json"]).default("text"))
    .action(async ({ dataDir, output }: { dataDir: string; output: string }) => {
      const components = await componentsOf(dataDir);
      const ready = components.length > 0 && components.every(({ healthy }) => healthy);
      process.stdout.write(
        output === "json" ? `${JSON.stringify({ ready, components })}\n` : textOf(dataDir, ready, components),
      );
      process.exitCode = ready ? 0 : 1;
    });
}

async function componentsOf(dataDir: string): Promise<readonly ComponentStatus[]> {
  const { serverState, adminConf } = dataFiles(dataDir);
  const state = await readRunState(serverState);
  if (state === undefined) {
    return [];
  }
  const { name, pid, url, startedAt } = state;
  return [{ name, pid, url, startedAt, memoryBytes: await memoryOf(pid), healthy: await isReady(url, adminConf) }];
}

async function isReady(url: string, adminConf: string): Promise<boolean> {
  const config = readKubeconfig(await readFile(adminConf, "utf8").catch(() => ""));
  return new Promise((resolve) => {
    const ask = request(`${url}/readyz`, { ca: config?.authority, timeout: readyTimeoutMs }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ask.on("timeout", () => ask.destroy());
    ask.on("error", () => resolve(false));
    ask.end();
  });
}

function textOf(dataDir: string, ready: boolean, components: readonly ComponentStatus[]): string {
  if (components.length === 0) {
    return `not running (${dataDir}). Start it with: k8ts server --data-dir ${dataDir}\n`;
  }
  const lines = components.map(({ name, pid, url, startedAt, memoryBytes, healthy }) => {
    const memory = memoryBytes === undefined ? "" : `, ${Math.round(memoryBytes / 2 ** 20)} MiB`;
    return `${name}: ${healthy ? "ready" : "not ready"}, pid ${pid}, ${url}, since ${startedAt}${memory}`;
  });
  return `${ready ? "ready" : "not ready"} (${dataDir})\n${lines.join("\n")}\n`;
}
