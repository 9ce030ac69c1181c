import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CgroupTree } from "../../node/cgroups/cgroup-tree.ts";
import { applyMasquerade } from "../../node/network/masquerade.ts";
import { applySysctls } from "../../node/network/sysctls.ts";
import { readRunState } from "../run-state.ts";
import { type Cluster, logFile } from "./cluster.ts";
import { ordersOf, supervisorProgram } from "./component-commands.ts";
import type { Progress } from "./progress.ts";
import { stopComponent, stopSupervisor } from "./stop.ts";
import {
  ordersFile,
  readJson,
  recordFile,
  type SupervisorOrders,
  supervisorFile,
  writeJson,
} from "./supervisor/component.ts";

export interface StartOptions {
  readonly cluster: Cluster;
  readonly nodeIp: string;
  readonly podCidrs: readonly string[];
  readonly progress: Progress;
  /** Names of components that this build has. */
  readonly has: (component: string) => boolean;
}

/** Has a supervisor run what the cluster needs. What runs already, by the same orders, goes on undisturbed. */
export async function startComponents(options: StartOptions): Promise<SupervisorOrders> {
  const { cluster, nodeIp, podCidrs, progress, has } = options;
  const { dataDir } = cluster;
  const cgroups = await CgroupTree.open(cluster.cgroupRoot);
  const [whole] = await Promise.all([
    ordersOf({ cluster, nodeIp, podCidrs, program: process.argv[1]! }),
    cgroups.ensure("runtime").then(() => cgroups.ensure("system")),
    prepareNetwork(cluster, progress),
  ]);
  const orders = { ...whole, components: whole.components.filter(({ name }) => name === "containerd" || has(name)) };
  const old = await readJson<SupervisorOrders>(ordersFile(dataDir));
  const runs = (await readRunState(supervisorFile(dataDir))) !== undefined;
  if (runs && JSON.stringify(old) === JSON.stringify(orders)) return orders;
  await stopSupervisor(dataDir);
  await stopChanged(dataDir, old, orders);
  await forgetExits(dataDir);
  await writeJson(ordersFile(dataDir), orders);
  await spawnSupervisor(dataDir);
  return orders;
}

async function prepareNetwork({ nodes, settings }: Cluster, progress: Progress): Promise<void> {
  const cidrs = settings.podCidr.split(",");
  for (const place of nodes) {
    const [refused] = await Promise.all([applySysctls(place, cidrs), applyMasquerade(place, cidrs)]);
    if (refused.length > 0)
      progress.warn(`cannot set ${refused.join(", ")} to 1: pods may not reach services or the world`);
  }
}

/** Components that run by other orders, those of an older build too. containerd only where its own command has changed. */
async function stopChanged(dataDir: string, old: SupervisorOrders | undefined, now: SupervisorOrders): Promise<void> {
  const same = (name: string): boolean => {
    const [a, b] = [old, now].map((orders) => JSON.stringify(orders?.components.find((one) => one.name === name)));
    return a === b && (name === "containerd" || old?.build === now.build);
  };
  const names = ["node", "server", "containerd"].filter((name) => !same(name));
  for (const name of names) await stopComponent(dataDir, name);
}

/** Ends of earlier lives say nothing about this start. Records of what runs stay: they are how it is found. */
async function forgetExits(dataDir: string): Promise<void> {
  for (const name of ["containerd", "server", "node"]) {
    const file = recordFile(dataDir, name);
    const record = await readJson<Record<string, unknown>>(file);
    if (record !== undefined) await writeJson(file, { ...record, exits: 0 });
  }
}

/** In a session of its own: the end of the terminal, or of the command, is none of its business. */
async function spawnSupervisor(dataDir: string): Promise<void> {
  const log = logFile(dataDir, "supervisor");
  mkdirSync(join(dataDir, "log"), { recursive: true, mode: 0o750 });
  await rm(supervisorFile(dataDir), { force: true });
  const output = openSync(log, "a", 0o640);
  const args = ["--max-semi-space-size=1", "--max-heap-size=64", supervisorProgram(), dataDir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", output, output], detached: true, cwd: "/" });
  closeSync(output);
  await once(child, "spawn");
  child.unref();
}
