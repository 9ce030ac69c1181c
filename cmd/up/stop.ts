import { setTimeout as delay } from "node:timers/promises";
import { realClock } from "../../base/mod.ts";
import { type CriClient, createCriClient, type PodSandbox } from "../../cri/mod.ts";
import { CgroupTree } from "../../node/cgroups/cgroup-tree.ts";
import { unmountBelow } from "../../node/clean-up/mounts.ts";
import { removeNodeNetwork } from "../../node/clean-up/network.ts";
import { killShims, removeShimSockets } from "../../node/clean-up/shims.ts";
import { criAnswers, waitForCri } from "../../node/containerd/readiness.ts";
import { type NodePlace, nodeFiles, proxyTable } from "../../node/files.ts";
import { isAlive, readRunState } from "../run-state.ts";
import type { Cluster } from "./cluster.ts";
import type { Progress } from "./progress.ts";
import { type ComponentRecord, readJson, recordFile, supervisorFile } from "./supervisor/component.ts";
import { spawnContainerd } from "./temporary-containerd.ts";

/** How long a component may take to end in order. */
const graceMs = 10_000;
const pollMs = 20;

/** Ends the supervisor alone; what it runs goes on. */
export async function stopSupervisor(dataDir: string): Promise<void> {
  const state = await readRunState(supervisorFile(dataDir));
  if (state !== undefined) await end(state);
}

/** Ends one component that a supervisor started, in order, or after a time by force. Gives whether it ran. */
export async function stopComponent(dataDir: string, name: string): Promise<boolean> {
  const record = await readJson<ComponentRecord>(recordFile(dataDir, name));
  if (record === undefined || !(await isAlive(record))) return false;
  await end(record);
  return true;
}

async function end(process_: { readonly pid: number; readonly startTicks: string }): Promise<void> {
  signal(process_.pid, "SIGTERM");
  for (let waitedMs = 0; await isAlive(process_); waitedMs += pollMs) {
    if (waitedMs >= graceMs) signal(process_.pid, "SIGKILL");
    await delay(pollMs);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Stops a cluster and keeps its state: pods end as on a machine that is shut down, and come back with the next start. What is
 * left afterwards are files: no process, mount, namespace, rule, route or cgroup. Idempotent, also where a crash has left only
 * parts of it.
 */
export async function stopCluster(cluster: Cluster, progress: Progress): Promise<void> {
  const { dataDir } = cluster;
  await stopSupervisor(dataDir);
  // First the node, for it would start again what is stopped.
  await stopComponent(dataDir, "node");
  const [, ...sandboxes] = await Promise.all([
    stopComponent(dataDir, "server"),
    ...cluster.nodes.map((place) => stopPods(place, progress)),
  ]);
  await stopComponent(dataDir, "containerd");
  for (const [i, place] of cluster.nodes.entries()) {
    await killShims(nodeFiles(place.directory));
    await removeShimSockets(nodeFiles(place.directory), sandboxes[i]!);
  }
  const cgroups = await CgroupTree.open(cluster.cgroupRoot);
  const left = await cgroups.remove(realClock);
  if (left.length > 0) progress.warn(`could not remove the cgroup ${left[0]}`);
  for (const place of cluster.nodes) {
    await unmountBelow(place.directory);
    const traces = { proxyTables: [proxyTable(dataDir)], loopbackAddresses: [cluster.dnsAddress] };
    await removeNodeNetwork(place, traces);
  }
}

/** Pods that end in order get this long, however much more their specifications grant: the machine may be going down. */
const podGraceSeconds = 10;
const atOnce = 10;

/** Ends the pods of a node through its containerd, which is started for it where it does not run. Gives all its sandboxes. */
async function stopPods(place: NodePlace, progress: Progress): Promise<readonly string[]> {
  const { socket } = nodeFiles(place.directory).containerd;
  await using temporary = (await criAnswers(socket)) ? undefined : await spawnContainerd(place);
  if (temporary !== undefined) {
    if (!temporary.hasState) return [];
    await waitForCri(socket, { clock: realClock, timeoutMs: 10_000 }).catch((error) => progress.warn(error.message));
  }
  const cri = createCriClient({ clock: realClock, socketPath: socket, timeoutMs: 30_000 });
  try {
    const { items } = await cri.listPodSandbox({});
    await stopSandboxes(cri, items, progress).catch((error) => {
      // What containerd cannot end is killed with its shims.
      progress.warn(`pods could not be stopped in order: ${(error as Error).message}`);
    });
    return items.map(({ id }) => id);
  } catch (error) {
    progress.warn(`containerd does not tell which pods run: ${(error as Error).message}`);
    return [];
  } finally {
    cri.close();
  }
}

async function stopSandboxes(cri: CriClient, items: readonly PodSandbox[], progress: Progress): Promise<void> {
  const ready = items.filter(({ state }) => state === "SANDBOX_READY");
  if (ready.length > 0) progress.step(`stopping ${ready.length} ${ready.length === 1 ? "pod" : "pods"}`);
  const { containers } = await cri.listContainers({ filter: { state: { state: "CONTAINER_RUNNING" } } });
  // Sandboxes that ended by themselves still hold their network.
  const queue = items.map(({ id }) => async () => {
    const own = containers.filter(({ podSandboxId }) => podSandboxId === id);
    await Promise.all(own.map((one) => cri.stopContainer({ containerId: one.id, timeout: podGraceSeconds })));
    await cri.stopPodSandbox({ podSandboxId: id });
  });
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await next().catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  if (failures.length > 0) throw failures[0];
}
