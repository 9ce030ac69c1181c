import { createHash } from "node:crypto";
import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import type { NodeFiles } from "../files.ts";

/**
 * Ends the shims of a node's containerd, and the containers they hold, wherever a crash has left them: they outlive their
 * containerd on purpose. Found by the bundles in containerd's state and by their command lines, so that those of another
 * containerd on the machine are never met. containerd itself must not run.
 */
export async function killShims(files: NodeFiles): Promise<void> {
  const sockets = await shimSockets(files);
  for (const pid of await shimsOf(files.containerd.socket)) {
    kill(pid);
  }
  for (const pid of await containerProcesses(files)) {
    kill(pid);
  }
  await Promise.all([...sockets].map((socket) => rm(socket, { force: true })));
  // Nothing runs any more, and what runc still remembers of it would be in the way of nobody but itself.
  await rm(files.containerd.runc, { recursive: true, force: true });
}

/**
 * Removes the sockets of sandboxes' shims, which are gone: those of shims that were killed stay, outside of containerd's state
 * (`/run/containerd/s/`, by the hash of socket, namespace and sandbox: containerd runtime/v2/shim/util_unix.go).
 */
export async function removeShimSockets(files: NodeFiles, sandboxIds: readonly string[]): Promise<void> {
  for (const id of sandboxIds) {
    await rm(shimSocket(files.containerd.socket, id), { force: true });
  }
}

/** Where the shim of a sandbox listens, of the containerd that listens at `socket`. */
export function shimSocket(socket: string, sandboxId: string): string {
  const hash = createHash("sha256")
    .update(join(socket, "k8s.io", sandboxId))
    .digest("hex");
  return `/run/containerd/s/${hash}`;
}

/** `init.pid` in the bundle of each container. */
async function containerProcesses(files: NodeFiles): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const bundle of await bundlesOf(files)) {
    const pid = Number(await readFile(join(bundle, "init.pid"), "utf8").catch(() => ""));
    // The number may be somebody else's by now: its root tells.
    if (pid > 1 && (await readlink(`/proc/${pid}/root`).catch(() => "")) !== "" && (await holds(pid, bundle))) {
      pids.push(pid);
    }
  }
  return pids;
}

/** Whether a process has a mount of this bundle as its root: its mount table names the container's snapshot or nothing of ours. */
async function holds(pid: number, bundle: string): Promise<boolean> {
  const cgroup = await readFile(`/proc/${pid}/cgroup`, "utf8").catch(() => "");
  return cgroup.includes(bundle.slice(bundle.lastIndexOf("/") + 1));
}

/** Shims are started with `-address SOCKET` of their containerd. */
async function shimsOf(socket: string): Promise<readonly number[]> {
  const pids: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const args = (await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "")).split("\0");
    if (/(^|\/)containerd-shim[^/]*$/.test(args[0] ?? "") && args[args.indexOf("-address") + 1] === socket) {
      pids.push(Number(name));
    }
  }
  return pids;
}

/** Each bundle names the socket of its shim, `unix:///run/containerd/s/HASH`, which lies outside containerd's state. */
async function shimSockets(files: NodeFiles): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const bundle of await bundlesOf(files)) {
    const text = await readFile(join(bundle, "address"), "utf8").catch(() => "");
    if (text.startsWith("unix://")) found.add(text.slice("unix://".length).trim());
  }
  return found;
}

async function bundlesOf(files: NodeFiles): Promise<readonly string[]> {
  const folder = join(files.containerd.state, "io.containerd.runtime.v2.task", "k8s.io");
  const names = await readdir(folder).catch(() => []);
  return names.map((name) => join(folder, name));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
