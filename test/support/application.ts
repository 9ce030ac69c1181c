import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { basename } from "node:path";
import type { TestContext } from "node:test";
import { type KubectlBinary, kubectlBinaries } from "../kubectl/binaries.ts";
import { busyboxImage, busyboxMissing } from "./images/busybox.ts";
import {
  type CommandOptions,
  type CommandResult,
  type RealCluster,
  type RealClusterOptions,
  startRealCluster,
  whyNoContainers,
} from "./real-cluster.ts";

/** For the `skip` of tests whose pods are made of busybox. */
export const skipWithoutContainers =
  whyNoContainers() ?? busyboxMissing() ?? (kubectlBinaries().length === 0 ? "no kubectl" : false);

/** Two versions of one image, so that rollouts have something to roll out. */
export const image = "busybox:1.36";
export const newerImage = "busybox:1.37";

/** The size of the terminals that programs are given. */
export const terminal = { rows: 33, columns: 101 };

/** What a program that goes on has written so far. */
export interface Running {
  readonly child: ChildProcess;
  readonly output: string;
  /** Its exit code, once it has ended by itself; rejects after a minute. */
  ended(): Promise<number | null>;
  stop(): Promise<void>;
}

/** One kubectl, always in one namespace of the cluster's. */
export interface Kubectl {
  readonly minor: number;
  /** Standard output; throws where it fails. */
  (...args: readonly string[]): Promise<string>;
  attempt(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Starts it and lets it go on; it ends with the test. */
  start(t: TestContext, ...args: readonly string[]): Running;
  /** The same, on a terminal of its own, as a person at a keyboard has it. */
  onTerminal(t: TestContext, ...args: readonly string[]): Running;
  apply(...objects: readonly object[]): Promise<void>;
}

export async function startCluster(t: TestContext, options: RealClusterOptions = {}): Promise<RealCluster> {
  const names = [image, newerImage].map((name) => `docker.io/library/${name}`);
  return startRealCluster(t, {
    ...options,
    images: [{ image: await busyboxImage(), names }, ...(options.images ?? [])],
  });
}

/** The oldest kubectl that is supported and the newest known, as far as they are here. */
export function oldestAndNewest(t: TestContext): readonly KubectlBinary[] {
  const binaries = kubectlBinaries();
  for (const minor of [27, 33]) {
    if (!binaries.some((one) => one.minor === minor)) t.diagnostic(`no kubectl 1.${minor} here: not tried`);
  }
  return binaries.filter((_, index) => index === 0 || index === binaries.length - 1);
}

/** The kubectl in PATH, or another. */
export function kubectlOf(cluster: RealCluster, binary?: KubectlBinary, namespace = "default"): Kubectl {
  const path = binary?.path ?? "kubectl";
  const line = (args: readonly string[]): string[] => ["--namespace", namespace, ...args];
  const attempt: Kubectl["attempt"] = (args, options) => cluster.tryKubectl(line(args), { ...options, binary: path });
  const kubectl = async (...args: readonly string[]): Promise<string> => goodOutput(args, await attempt(args));
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.folder, TERM: "xterm" };
  const begin = (t: TestContext, program: string, args: readonly string[]): Running =>
    follow(t, spawn(...cluster.namespace.command(program, args), { stdio: "pipe", env }));
  return Object.assign(kubectl, {
    minor: binary?.minor ?? 0,
    attempt,
    start: (t: TestContext, ...args: readonly string[]) => begin(t, path, line(args)),
    onTerminal: (t: TestContext, ...args: readonly string[]) =>
      begin(t, "script", ["-qec", onTerminalOf(terminal, [path, ...line(args)]), "/dev/null"]),
    apply: async (...objects: readonly object[]) => {
      const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
      goodOutput(["apply"], await attempt(["apply", "-f", "-"], { input }));
    },
  });
}

function goodOutput(args: readonly string[], { status, stdout, stderr }: CommandResult): string {
  assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

/** A terminal that `script` makes has no size by itself. */
function onTerminalOf({ rows, columns }: typeof terminal, command: readonly string[]): string {
  return `stty rows ${rows} columns ${columns}; exec ${command.map(quoted).join(" ")}`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function follow(t: TestContext, child: ChildProcess): Running {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString().replaceAll("\r\n", "\n");
    });
  }
  child.stdin?.on("error", () => {});
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  const name = basename(child.spawnargs.at(-1) ?? "");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  t.after(stop);
  return {
    child,
    get output() {
      return output;
    },
    async ended() {
      const late = AbortSignal.timeout(60_000);
      const tooLate = new Promise<never>((_, reject) => {
        late.addEventListener("abort", () => reject(new Error(`${name} goes on:\n${output}`)), { once: true });
      });
      return Promise.race([closed, tooLate]);
    },
    stop,
  };
}

export interface PodOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** More of its one container. */
  readonly container?: object;
  /** More of its spec. */
  readonly spec?: object;
}

/** A pod of one container, `main`, that runs a shell script; without grace, since a shell that is the first process ignores signals. */
export function shellPod(name: string, script: string, options: PodOptions = {}): object {
  const { labels = {}, annotations = {}, container = {}, spec = {} } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels, annotations },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "main", image, command: ["sh", "-c", script], ...container }],
      ...spec,
    },
  };
}

/** Serves its own name on a port: `hostname` over HTTP. */
export function webScript(port: number): string {
  const page = String.raw`printf '#!/bin/sh\nprintf "Content-Type: text/plain\\r\\n\\r\\n"\nhostname\n'`;
  return `mkdir -p /www/cgi-bin; ${page} > /www/cgi-bin/index.cgi; chmod +x /www/cgi-bin/index.cgi; exec httpd -f -p ${port} -h /www`;
}
