import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { readKubeconfig } from "../../cmd/certificates/kubeconfig.ts";
import type { Credentials } from "./http.ts";

const main = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), "cmd", "main.ts");

/** `k8ts server` as a process of its own. */
export interface ServerProcess {
  readonly pid: number;
  /** 0 where it never listened. */
  readonly port: number;
  /** Undefined while it runs. */
  readonly exitCode: number | undefined;
  readonly stderr: string;
  credentials(): Promise<Credentials>;
  /** Ends it by this signal and waits; nothing where it has ended. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts one and waits until it is ready, or has ended. */
export async function startServerProcess(dataDir: string, ...flags: readonly string[]): Promise<ServerProcess> {
  const port = flags.includes("--api-port") ? [] : ["--api-port", "0"];
  const args = [main, "server", "--data-dir", dataDir, "--bind-address", "127.0.0.1", ...port, ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  let listening = 0;
  let exitCode: number | undefined;
  const ended = once(child, "exit").then(([code]) => {
    exitCode = (code as number | null) ?? -1;
  });
  const ready = new Promise<void>((resolve) => {
    createInterface({ input: child.stderr }).on("line", (line) => {
      lines.push(line);
      const url = /"url":"(https:[^"]+)".*"message":"ready"/.exec(line)?.[1];
      if (url !== undefined) {
        listening = Number(new URL(url).port);
        resolve();
      }
    });
  });
  await Promise.race([ready, ended]);
  return {
    pid: child.pid ?? 0,
    port: listening,
    get exitCode() {
      return exitCode;
    },
    get stderr() {
      return lines.join("\n");
    },
    credentials: async () => credentialsOf(await readFile(join(dataDir, "super-admin.conf"), "utf8")),
    stop: (signal = "SIGTERM") => stop(child, ended, signal),
  };
}

function credentialsOf(text: string): Credentials {
  const content = readKubeconfig(text);
  if (content === undefined) {
    throw new Error("super-admin.conf is no kubeconfig");
  }
  return { ca: content.authority, certificate: content.certificate, key: content.key };
}

async function stop(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
  }
  await ended;
}
