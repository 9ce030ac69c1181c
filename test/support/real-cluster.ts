import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { whyNoContainers } from "../../node/machine/containers.ts";
import { atExit } from "./at-exit.ts";
import { type NamedImage, ociArchive } from "./images/image.ts";
import { makeBox, removeAbandonedBoxes, removeBox, removeBoxNow } from "./left-behind.ts";
import { createNetworkNamespace, type TestNamespace } from "./network-namespace.ts";
import { tracesOf } from "./traces.ts";

export { whyNoContainers };

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface RealClusterOptions {
  /** Images, or tar archives of them, that are loaded before the test goes on. */
  readonly images?: readonly (NamedImage | string)[];
  /** More flags of `k8ts up`. */
  readonly flags?: readonly string[];
}

export interface CommandResult {
  /** 0 where it went well. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to its standard input. */
  readonly input?: string;
  readonly timeoutMs?: number;
  readonly env?: NodeJS.ProcessEnv;
}

/** A machine for one cluster: a network of its own, a directory, a home. */
export interface ClusterPlace {
  readonly namespace: TestNamespace;
  readonly folder: string;
  readonly dataDir: string;
  /** The file that the cluster's context comes into. */
  readonly kubeconfig: string;
  /** Runs `./k8ts COMMAND … --data-dir DATA-DIR` there. K8TS_COMMAND names another program than `./k8ts`. */
  k8ts(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Runs any program there. */
  run(program: string, args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** What is left on the machine beside files; empty once the cluster is stopped. */
  traces(): Promise<readonly string[]>;
}

/** A cluster as users start it, with containers that are real. */
export interface RealCluster extends ClusterPlace {
  /** Runs kubectl and gives its standard output; throws with what it wrote to standard error where it fails. */
  kubectl(...args: readonly string[]): Promise<string>;
  /** The same, for failures and standard input; `binary` names another version: `kubectl.1.27`. */
  tryKubectl(args: readonly string[], options?: CommandOptions & { readonly binary?: string }): Promise<CommandResult>;
}

/** A place where nothing runs yet. When the test ends, a cluster in it is deleted, which must leave nothing. */
export async function createClusterPlace(t: TestContext): Promise<ClusterPlace> {
  await removeAbandonedBoxes();
  const folder = makeBox();
  const dataDir = join(folder, "data");
  // Before that of the namespace, which ends whatever is in it: ends come in the order in which they are asked for.
  let place: ClusterPlace | undefined;
  const done = atExit(() => removeBoxNow(folder));
  t.after(async () => {
    await leaveNothing(folder, place);
    done();
  });
  const namespace = await createNetworkNamespace(t);
  const kubeconfig = join(folder, "home", "kubeconfig");
  await mkdir(dirname(kubeconfig));
  const home = { HOME: join(folder, "home"), KUBECONFIG: kubeconfig };
  const run = (program: string, args: readonly string[], options: CommandOptions = {}) =>
    runToEnd(namespace.command(program, args), { ...options, env: { ...process.env, ...home, ...options.env } });
  const [command = "./k8ts", ...first] = (process.env["K8TS_COMMAND"] ?? join(root, "k8ts")).split(" ");
  const k8ts: ClusterPlace["k8ts"] = (args, options) =>
    run(command, [...first, ...args, "--data-dir", dataDir], options);
  place = { namespace, folder, dataDir, kubeconfig, k8ts, run, traces: () => tracesOf(dataDir, namespace) };
  return place;
}

/** Starts a cluster that goes with the test. Ask `whyNoContainers` first. */
export async function startRealCluster(t: TestContext, options: RealClusterOptions = {}): Promise<RealCluster> {
  const { images = [], flags = [] } = options;
  const place = await createClusterPlace(t);
  const up = await place.k8ts(["up", ...flags]);
  assert.equal(up.status, 0, `k8ts up failed:\n${up.stderr}\n${await logsOf(place)}`);
  if (images.length > 0) {
    await loadImages(place, images);
  }
  const tryKubectl: RealCluster["tryKubectl"] = (args, { binary = "kubectl", ...rest } = {}) =>
    place.run(binary, args, rest);
  return {
    ...place,
    tryKubectl,
    kubectl: async (...args) => {
      const { status, stdout, stderr } = await tryKubectl(args);
      assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stderr}`);
      return stdout;
    },
  };
}

async function loadImages(place: ClusterPlace, images: readonly (NamedImage | string)[]): Promise<void> {
  const named = images.filter((image) => typeof image !== "string");
  const archive = join(place.folder, "images.tar");
  if (named.length > 0) await writeFile(archive, await ociArchive(named));
  const archives = images.filter((image) => typeof image === "string");
  const load = await place.k8ts(["image", "load", ...archives, ...(named.length > 0 ? [archive] : [])]);
  assert.equal(load.status, 0, `k8ts image load failed:\n${load.stderr}`);
}

/** The ends of all logs of a cluster, for the message of a failure. */
export async function logsOf({ dataDir }: ClusterPlace): Promise<string> {
  const parts: string[] = [];
  for (const name of ["supervisor", "server", "node", "containerd"]) {
    const text = await readFile(join(dataDir, "log", `${name}.log`), "utf8").catch(() => "");
    parts.push(`${name}.log:\n${text.split("\n").slice(-15).join("\n")}`);
  }
  return parts.join("\n");
}

async function leaveNothing(folder: string, place: ClusterPlace | undefined): Promise<void> {
  try {
    if (place !== undefined && existsSync(place.dataDir)) {
      const deleted = await place.k8ts(["delete"]);
      assert.equal(deleted.status, 0, `k8ts delete failed:\n${deleted.stderr}`);
      assert.deepEqual(await place.traces(), [], "k8ts delete has left something");
      assert.equal(existsSync(place.dataDir), false, "k8ts delete has left files");
    }
  } finally {
    await removeBox(folder);
  }
}

const defaultTimeoutMs = 120_000;

function runToEnd(
  [program, args]: readonly [string, readonly string[]],
  { input, timeoutMs = defaultTimeoutMs, env }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: "SIGKILL",
      maxBuffer: 2 ** 26,
      cwd: root,
      ...(env && { env }),
    } as const;
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ status, stdout, stderr: status === -1 ? `${stderr}\n${error?.message}` : stderr });
    });
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  });
}
