import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const startTimeoutMs = 60_000;
const stopTimeoutMs = 5_000;

/** A server in a process of its own, as users run it. */
export interface ServerProcess {
  /** A folder that goes with the server; its state lies in `data/`. */
  readonly folder: string;
  readonly url: string;
  readonly port: number;
  /** admin.conf, as text. */
  readonly kubeconfig: string;
  /** Ends the process and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts `./k8ts server` (or its API server alone) on a free port of this machine; resolves once it says that it is ready. K8TS_COMMAND names another
 * command than `./k8ts`.
 */
export async function startServerProcess(
  component: "server" | "apiserver",
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-test-"));
  const port = await freePort();
  const dataDir = join(folder, "data");
  const [command = "./k8ts", ...first] = (process.env["K8TS_COMMAND"] ?? "./k8ts").split(" ");
  const own = [component, "--data-dir", dataDir, "--api-port", String(port), "--bind-address", "127.0.0.1"];
  const child = spawn(command, [...first, ...own, ...flags], { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  const killNow = (): void => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const leave = (): void => process.exit(1);
  process.once("exit", killNow);
  process.once("SIGTERM", leave);
  process.once("SIGINT", leave);
  const stop = async (): Promise<void> => {
    process.off("exit", killNow);
    process.off("SIGTERM", leave);
    process.off("SIGINT", leave);
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await ready(child);
    return {
      folder,
      url: `https://127.0.0.1:${port}`,
      port,
      kubeconfig: await readFile(join(dataDir, "admin.conf"), "utf8"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads the log until it says `ready`; what comes later is read too, so that the process never waits for its reader. */
async function ready(child: ChildProcess): Promise<void> {
  let log = "";
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    log = (log + text).slice(-16_384);
    if (log.includes('"message":"ready"')) {
      resolve();
    }
  });
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${log}`)));
  const timeout = new AbortController();
  const late = delay(startTimeoutMs, undefined, { signal: timeout.signal, ref: false }).then(
    () => reject(new Error(`the server was not ready after ${startTimeoutMs} ms:\n${log}`)),
    () => undefined,
  );
  await promise.finally(() => timeout.abort());
  await late;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
    return;
  }
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  const gone = await Promise.race([exited.then(() => true), delay(stopTimeoutMs, false, { ref: false })]);
  if (!gone) {
    child.kill("SIGKILL");
    await exited;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
