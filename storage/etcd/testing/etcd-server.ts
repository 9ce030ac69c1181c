import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** A real etcd of one member, on loopback ports of its own. */
export interface EtcdServer {
  readonly endpoint: string;
  /** kill -9; the data stays. */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data. */
  start(): void;
  /** It hangs: takes connections and answers nothing, until `resume`. */
  pause(): void;
  resume(): void;
  /** Stops it and removes its data. */
  dispose(): Promise<void>;
}

/** Why tests with a real etcd cannot run here; undefined: they can. */
export function etcdMissing(): string | undefined {
  return findProgram("etcd") === undefined ? "etcd is not installed (Debian: apt install etcd-server)" : undefined;
}

export interface EtcdServerOptions {
  readonly flags?: readonly string[];
  /** Of the clients' side; `https` needs flags that name certificates. */
  readonly scheme?: "http" | "https";
}

export async function startEtcd({ flags = [], scheme = "http" }: EtcdServerOptions = {}): Promise<EtcdServer> {
  const program = findProgram("etcd");
  if (program === undefined) throw new Error("etcd is not installed");
  const folder = await mkdtemp(join(tmpdir(), "k8ts-etcd-"));
  const [clientPort, peerPort] = (await freePorts(2)) as [number, number];
  const client = `${scheme}://127.0.0.1:${clientPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const args = ["--name=test", `--data-dir=${join(folder, "data")}`, "--log-level=error", "--logger=zap"];
  args.push(`--listen-client-urls=${client}`, `--advertise-client-urls=${client}`);
  args.push(`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`, `--initial-cluster=test=${peer}`);
  args.push(...flags);
  // Where it can be had, etcd dies with the test, even if the test is killed without a chance to clean up.
  const guard = findProgram("setpriv");
  const command = guard === undefined ? [program] : [guard, "--pdeathsig", "KILL", program];
  let child: ChildProcess | undefined;
  const killNow = (): void => void child?.kill("SIGKILL");
  const start = (): void => {
    child = spawn(command[0] as string, [...command.slice(1), ...args], { stdio: "ignore" });
  };
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    killNow();
    await exited;
  };
  process.once("exit", killNow);
  start();
  const dispose = async (): Promise<void> => {
    await kill();
    process.off("exit", killNow);
    await rm(folder, { recursive: true, force: true });
  };
  const pause = (): void => void child?.kill("SIGSTOP");
  const resume = (): void => void child?.kill("SIGCONT");
  return { endpoint: client, kill, start, pause, resume, dispose };
}

function findProgram(name: string): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter).concat("/usr/bin", "/usr/local/bin");
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** All are held at once, so that they differ. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
