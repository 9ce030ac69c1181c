import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { realClock } from "../../base/mod.ts";
import { createCriClient } from "../../cri/mod.ts";
import { hierarchiesIn } from "../../node/cgroups/hierarchies.ts";
import { mountsIn } from "../../node/clean-up/mounts.ts";
import { shimSocket } from "../../node/clean-up/shims.ts";
import { cgroupRoot, nodeFiles } from "../../node/files.ts";
import type { ClusterPlace } from "./real-cluster.ts";

/** What a cluster that runs has on the machine, by kind; a line for each thing, sorted. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

/** Takes stock of a cluster: two of them are equal where nothing was left behind in between. */
export async function takeInventory(place: ClusterPlace): Promise<Inventory> {
  const { dataDir, namespace } = place;
  const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
  const trees = hierarchiesIn(mountinfo).map(({ mountPoint }) => join(mountPoint, cgroupRoot(dataDir)));
  const cgroups = trees.flatMap((tree) => (existsSync(tree) ? [tree, ...foldersBelow(tree)] : []));
  const links = JSON.parse(await namespace.run("ip", "-json", "address")) as readonly Link[];
  const { socket } = nodeFiles(dataDir).containerd;
  const ctr = async (...args: string[]) => lines(await namespace.run("ctr", "-a", socket, "-n", "k8s.io", ...args));
  const sorted = (list: readonly string[]): readonly string[] => [...new Set(list)].toSorted();
  return {
    processes: sorted(cgroups.flatMap(processesIn)),
    cgroups: sorted(cgroups),
    mounts: sorted(mountsIn(mountinfo, dataDir)),
    interfaces: sorted(links.map(({ ifname }) => ifname)),
    addresses: sorted(links.flatMap(({ ifname, addr_info }) => addr_info.map(({ local }) => `${ifname} ${local}`))),
    // A bridge without a pod is down, and comes up with the next.
    routes: sorted(lines(await namespace.run("ip", "route")).map((route) => route.replace(/ linkdown$/, ""))),
    rules: sorted(lines(await namespace.run("nft", "-s", "list", "ruleset"))),
    ...(await criInventory(socket)),
    tasks: sorted(await ctr("tasks", "list", "-q")),
    containers: sorted(await ctr("containers", "list", "-q")),
    snapshots: sorted((await ctr("snapshots", "list")).map((line) => line.split(/\s+/)[0]!)),
    files: sorted(
      ["kubelet/pods", "log/pods", "pods", "cni", "containerd/state", "containerd/runc", "containerd/opt"].flatMap(
        (folder) => filesBelow(join(dataDir, folder)).map((file) => relative(dataDir, file)),
      ),
    ),
  };
}

/** What the pods that a cluster has use outside of its directory's files: their network namespaces, and the sockets of their shims. */
export async function podPathsOf({ dataDir }: ClusterPlace): Promise<readonly string[]> {
  const { socket } = nodeFiles(dataDir).containerd;
  const cri = createCriClient({ clock: realClock, socketPath: socket });
  try {
    const found: string[] = [];
    for (const { id } of (await cri.listPodSandbox({})).items) {
      const { info } = await cri.podSandboxStatus({ podSandboxId: id, verbose: true });
      const namespace = /"type":"network","path":"([^"]+)"/.exec(info["info"] ?? "")?.[1];
      if (namespace !== undefined) found.push(namespace);
      found.push(shimSocket(socket, id));
    }
    return found;
  } finally {
    cri.close();
  }
}

export interface Weight {
  readonly residentBytes: number;
  readonly fileDescriptors: number;
}

/** What a process takes. */
export function weightOf(pid: number): Weight {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { residentBytes: Number(kibibytes) * 1_024, fileDescriptors: readdirSync(`/proc/${pid}/fd`).length };
}

interface Link {
  readonly ifname: string;
  readonly addr_info: readonly { readonly local: string }[];
}

async function criInventory(socketPath: string): Promise<Inventory> {
  const cri = createCriClient({ clock: realClock, socketPath });
  try {
    const [{ items }, { containers }] = [await cri.listPodSandbox({}), await cri.listContainers({})];
    return {
      criSandboxes: items.map(({ id }) => id).toSorted(),
      criContainers: containers.map(({ id }) => id).toSorted(),
    };
  } finally {
    cri.close();
  }
}

function lines(text: string): readonly string[] {
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]));
}

function processesIn(cgroup: string): readonly string[] {
  try {
    return lines(readFileSync(join(cgroup, "cgroup.procs"), "utf8"));
  } catch {
    return [];
  }
}

function foldersBelow(folder: string): readonly string[] {
  const own = entriesOf(folder).filter((entry) => entry.isDirectory());
  return own.flatMap(({ name }) => [join(folder, name), ...foldersBelow(join(folder, name))]);
}

/** Without what containers have in their own file systems. */
function filesBelow(folder: string): readonly string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() && entry.name !== "rootfs" ? [path, ...filesBelow(path)] : [path];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
