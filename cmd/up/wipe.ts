import { readdir, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { unmountBelow } from "../../node/clean-up/mounts.ts";
import { CommandError } from "../command-error.ts";
import type { Cluster } from "./cluster.ts";
import type { Progress } from "./progress.ts";
import { removeContext } from "./user-kubeconfig.ts";

/** What a cluster keeps in its directory, and nothing else is ever removed. */
const ours = [
  ...["admin.conf", "super-admin.conf", "controller-manager.conf", "scheduler.conf"],
  ...["kubelet.conf", "proxy.conf", "dns.conf", "cluster.json"],
  ...["pki", "store", "run", "log", "containerd", "cni", "kubelet", "pods", "manifests", "node"],
];

/** Removes the files of a cluster that is stopped, and its context. The directory goes too, where nothing else is in it. */
export async function wipeCluster(
  { dataDir, settings }: Cluster,
  progress: Progress,
  { keepLogs = false } = {},
): Promise<void> {
  await unmountBelow(dataDir);
  // What says that this is a cluster's directory goes last: a wipe that is interrupted can be done again.
  const names = ours.filter((one) => one !== "cluster.json" && !(keepLogs && one === "log"));
  for (const name of [...names, "cluster.json"]) {
    await rm(join(dataDir, name), { recursive: true, force: true, maxRetries: 3 });
  }
  const left = await readdir(dataDir).catch(() => []);
  if (left.length === 0) {
    await rmdir(dataDir).catch(ifGone);
  } else if (!keepLogs) {
    progress.warn(`${dataDir} stays: ${left.slice(0, 3).join(", ")} in it is none of the cluster's`);
  }
  await removeContext(settings.kubeconfig, settings.context).catch((error) => {
    progress.warn(
      `the context ${settings.context} stays in ${settings.kubeconfig}: ${(error as Error).message.split("\n")[0]}`,
    );
  });
}

function ifGone(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT")
    throw new CommandError(`cannot remove the directory: ${error.message}`, { cause: error });
}
