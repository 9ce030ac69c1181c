import { access, constants, mkdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type CgroupHierarchy, cgroupHierarchies, isUnified } from "../cgroups/hierarchies.ts";
import { type NodeFiles, nodeFiles } from "../files.ts";
import { run } from "../process/run.ts";
import { hasCapability } from "./capabilities.ts";
import { MachineError } from "./install.ts";
import { isPortTaken } from "./ports.ts";

/** What a check needs to know of the cluster that is to start. */
export interface CheckOptions {
  readonly dataDir: string;
  /** Whether the cluster is a new one, whose images are still to come. */
  readonly first: boolean;
  /** What the API server will listen on; absent where it runs already. */
  readonly apiPort?: number;
  /** What the kubelet and DNS will listen on; absent where the node runs already. */
  readonly node?: { readonly kubeletPort: number; readonly dnsAddress: string };
}

/** sun_path of a unix socket, with its final zero byte (unix(7)). */
const longestSocketBytes = 107;
const leastRoomBytes = { first: 512 * 2 ** 20, later: 32 * 2 ** 20 };

export const rootNeeded =
  "a node needs root, for containers and their network: run this again with sudo. Without it, `k8ts server` runs the control plane alone";

/** Throws a MachineError for the first thing that would keep a node from running here, with what to do about it. */
export async function checkMachine({ dataDir, first, apiPort, node }: CheckOptions): Promise<void> {
  if (process.platform !== "linux")
    throw new MachineError("a node needs Linux: use a virtual machine, or run `k8ts server` alone");
  if (process.getuid?.() !== 0) {
    throw new MachineError(rootNeeded);
  }
  await checkCapabilities();
  await checkDirectory(nodeFiles(dataDir), leastRoomBytes[first ? "first" : "later"]);
  const hierarchies = await cgroupHierarchies();
  checkCgroups(hierarchies, await controllersOfVersion2(hierarchies));
  await checkCgroupsWritable(hierarchies);
  if (apiPort !== undefined && (await isPortTaken(apiPort))) {
    throw new MachineError(
      `port ${apiPort} is taken by another program: stop that one, or choose another port with --api-port`,
    );
  }
  if (node !== undefined) await checkNodePorts(node);
}

async function checkCapabilities(): Promise<void> {
  for (const capability of ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] as const) {
    if (!(await hasCapability(capability))) {
      throw new MachineError(
        `this process lacks ${capability}, without which there are no containers: within a container, start that one with --privileged`,
      );
    }
  }
}

async function checkDirectory({ directory, containerd }: NodeFiles, leastBytes: number): Promise<void> {
  const socket = `${containerd.socket}.ttrpc`;
  if (Buffer.byteLength(socket) > longestSocketBytes) {
    throw new MachineError(
      `${directory} is too long a path: sockets lie in it, and the longest, ${socket}, may have ${longestSocketBytes} bytes. Choose a shorter one with --data-dir`,
    );
  }
  const there = await nearest(directory);
  const probe = join(there, `.k8ts-${process.pid}`);
  try {
    if (there === directory) await writeFile(probe, "");
    else await mkdir(probe);
    await rm(probe, { recursive: true });
  } catch (cause) {
    const why: Readonly<Record<string, string>> = {
      EROFS: "the file system is read-only",
      EACCES: "this user may not write there",
      EPERM: "this user may not write there",
      ENOTDIR: "part of the path is a file",
      ENOSPC: "the disk is full",
    };
    const text = why[(cause as NodeJS.ErrnoException).code ?? ""] ?? (cause as Error).message;
    throw new MachineError(`cannot use ${directory}: ${text}. Choose another directory with --data-dir`, { cause });
  }
  const { bavail, bsize } = await statfs(there);
  if (bavail * bsize < leastBytes) {
    throw new MachineError(
      `there are ${Math.floor((bavail * bsize) / 2 ** 20)} MiB left for ${directory}, and a cluster needs ${leastBytes / 2 ** 20}: make room, or choose another disk with --data-dir`,
    );
  }
}

/** The nearest of the directory and those above it that exists. */
async function nearest(path: string): Promise<string> {
  const there = await access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
  return there || dirname(path) === path ? path : nearest(dirname(path));
}

/** Controllers that limits of pods go by. */
const neededControllers = ["cpu", "memory", "pids"];

export function checkCgroups(hierarchies: readonly CgroupHierarchy[], availableOfVersion2?: readonly string[]): void {
  if (hierarchies.length === 0) {
    throw new MachineError("no cgroups are mounted: mount -t cgroup2 none /sys/fs/cgroup");
  }
  const available = isUnified(hierarchies)
    ? availableOfVersion2
    : hierarchies.flatMap(({ controllers }) => controllers);
  const missing = neededControllers.filter((controller) => available !== undefined && !available.includes(controller));
  if (missing.length > 0) {
    throw new MachineError(
      `the kernel has no cgroup controller ${missing.join(", ")}: start it with cgroup_enable=${missing[0]} (on a Raspberry Pi: in /boot/firmware/cmdline.txt)`,
    );
  }
}

async function controllersOfVersion2(hierarchies: readonly CgroupHierarchy[]): Promise<readonly string[] | undefined> {
  const mount = hierarchies.find(({ version }) => version === 2)?.mountPoint;
  const text =
    mount === undefined ? undefined : await readFile(join(mount, "cgroup.controllers"), "utf8").catch(() => undefined);
  return text?.trim().split(" ");
}

async function checkCgroupsWritable(hierarchies: readonly CgroupHierarchy[]): Promise<void> {
  for (const { mountPoint } of hierarchies) {
    await access(mountPoint, constants.W_OK).catch((cause) => {
      throw new MachineError(
        `the cgroups in ${mountPoint} cannot be written, without which there are no containers: within a container, start that one with --privileged`,
        { cause },
      );
    });
  }
}

async function checkNodePorts({ kubeletPort, dnsAddress }: NonNullable<CheckOptions["node"]>): Promise<void> {
  if (await isPortTaken(kubeletPort)) {
    throw new MachineError(
      `port ${kubeletPort}, the kubelet's, is taken by another program: stop that one (ss -ltnp 'sport = :${kubeletPort}' shows it)`,
    );
  }
  if (await isPortTaken(53, dnsAddress)) {
    throw new MachineError(
      `another cluster of this machine answers at ${dnsAddress}: choose other ranges with --service-cidr and --pod-cidr, or stop that one`,
    );
  }
}

/** Kernel features without which pods have no network or no file system: each is tried, for they may be modules. */
export async function checkKernel(): Promise<void> {
  const fileSystems = await readFile("/proc/filesystems", "utf8");
  if (!/\boverlay$/m.test(fileSystems)) {
    await run("modprobe", ["overlay"]).catch((cause) => {
      throw new MachineError(
        "the kernel has no overlay file system, which images are unpacked with: use another kernel",
        { cause },
      );
    });
  }
  await run("nft", ["list", "tables"]).catch((cause) => {
    throw new MachineError(`the kernel has no nftables (nf_tables), which services need: ${cause.message}`, { cause });
  });
  const name = `k8tsp${process.pid}`;
  try {
    await run("ip", ["link", "add", name, "type", "bridge"]);
    await run("ip", ["link", "delete", name]);
    await run("ip", ["link", "add", name, "type", "veth", "peer", "name", `${name}p`]);
    await run("ip", ["link", "delete", name]);
  } catch (cause) {
    throw new MachineError(
      `the kernel cannot make the network interfaces of pods (bridge, veth): use another kernel. ${(cause as Error).message}`,
      { cause },
    );
  }
}
