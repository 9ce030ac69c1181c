import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, open, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ClusterPlace } from "../support/real-cluster.ts";
import { root } from "./markdown.ts";

const blockTimeoutMs = 150_000;
const pollMs = 20;

export interface Printed {
  readonly code: number;
  /** Standard output and error as they came. */
  readonly output: string;
}

/** Who works on the project while its tests run makes the launcher build again, which a reader does not. */
const ofTheLauncher = /^k8ts: building\.\.\.\n/gm;

/** What of the clone a reader's commands reach for. */
const ofTheClone = ["k8ts", "examples", "package.json", "node_modules"];

/**
 * A terminal as a reader of the documents has it: a folder like a clone, in which `./k8ts` is the project's launcher, and what
 * one block exports the next one sees. With a place, it is one on that machine: with its network, and its cluster's directory.
 */
export class Shell {
  readonly folder: string;
  readonly #place: ClusterPlace | undefined;
  readonly #servers: ChildProcess[] = [];

  private constructor(folder: string, place: ClusterPlace | undefined) {
    this.folder = folder;
    this.#place = place;
  }

  static async open(place?: ClusterPlace): Promise<Shell> {
    const folder = await mkdtemp(join(tmpdir(), "k8ts-docs-"));
    await Promise.all(ofTheClone.map((name) => symlink(join(root, name), join(folder, name))));
    return new Shell(folder, place);
  }

  /** Runs a block to its end; a command that fails ends it. */
  async run(text: string): Promise<Printed> {
    const exported = "if [ -f .exported ]; then . ./.exported; fi";
    await writeFile(join(this.folder, ".block"), `${exported}\n${text}\nexport -p >.exported\n`);
    const out = await open(join(this.folder, ".output"), "w");
    const { KUBECONFIG: _, ...others } = process.env;
    const env = {
      ...others,
      HOME: this.folder,
      KUBECACHEDIR: join(this.folder, ".cache"),
      ...(this.#place && { K8TS_DATA_DIR: this.#place.dataDir }),
    };
    const [program, args] = this.#place?.namespace.command("sh", ["-e", ".block"]) ?? ["sh", ["-e", ".block"]];
    const child = spawn(program, args, {
      cwd: this.folder,
      env,
      stdio: ["ignore", out.fd, out.fd],
      detached: true,
    });
    const code = await ended(child, blockTimeoutMs);
    await out.close();
    const output = await readFile(join(this.folder, ".output"), "utf8");
    return { code, output: output.replaceAll(ofTheLauncher, "") };
  }

  /**
   * Starts a command that serves until it is stopped, as given but for a port of its own. Resolves once `readyFile` appears;
   * rejects with what it said where it ends before.
   */
  async serve(command: string, readyFile: string): Promise<void> {
    const line = `exec ${command} --bind-address 127.0.0.1 --api-port ${await freePort()}`;
    const child = spawn("sh", ["-c", line], { cwd: this.folder, stdio: ["ignore", "ignore", "pipe"] });
    this.#servers.push(child);
    let log = "";
    child.stderr!.on("data", (chunk: Buffer) => {
      log += chunk.toString("utf8");
    });
    for (const started = Date.now(); Date.now() - started < blockTimeoutMs; await pause()) {
      if (await exists(join(this.folder, readyFile))) return;
      if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${log}`);
    }
    throw new Error(`${command} was not ready within ${blockTimeoutMs} ms: ${log}`);
  }

  /** Stops the servers and removes the folder. */
  async close(): Promise<void> {
    for (const server of this.#servers) server.kill("SIGTERM");
    await Promise.all(this.#servers.map((server) => ended(server, blockTimeoutMs)));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The exit status; a process that takes too long is killed, with what it started. */
function ended(child: ChildProcess, timeoutMs: number): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode ?? 1);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => kill(child), timeoutMs);
    child.once("error", reject);
    child.once("exit", (code) => {
      clearTimeout(timer);
      resolve(code ?? 1);
    });
  });
}

function kill(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, "SIGKILL");
  } catch {
    // It has no group of its own.
    child.kill("SIGKILL");
  }
}

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, pollMs));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
