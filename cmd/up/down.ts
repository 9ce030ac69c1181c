import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command-error.ts";
import { programName } from "../program-name.ts";
import { absoluteDataDir, type Cluster, clusterOf } from "./cluster.ts";
import { lockCluster } from "./lock.ts";
import { terminalProgress } from "./progress.ts";
import { readSettings } from "./settings.ts";
import { stopCluster } from "./stop.ts";
import { wipeCluster } from "./wipe.ts";

/** Stops the cluster of a directory. Where there is none, or it does not run, nothing happens. */
export async function down(dataDir: string): Promise<void> {
  const cluster = await clusterIn(dataDir);
  if (cluster === undefined) {
    process.stdout.write(`There is no cluster in ${dataDir}.\n`);
    return;
  }
  await using _lock = await lock(cluster);
  await stopCluster(cluster, terminalProgress());
  process.stdout.write(`Stopped. ${programName} up${flagOf(dataDir)} goes on with it.\n`);
}

/** Stops the cluster of a directory and removes every trace of it. */
export async function deleteCluster(dataDir: string): Promise<void> {
  if (await removeLogsAlone(dataDir)) {
    process.stdout.write(`Deleted the logs of a start that failed in ${dataDir}.\n`);
    return;
  }
  const cluster = await clusterIn(dataDir);
  if (cluster === undefined) {
    process.stdout.write(`There is no cluster in ${dataDir}.\n`);
    return;
  }
  const progress = terminalProgress();
  await using _lock = await lock(cluster);
  await stopCluster(cluster, progress);
  await wipeCluster(cluster, progress);
  process.stdout.write("Deleted.\n");
}

/** What a first start that failed has left: logs of ours, and nothing else. */
async function removeLogsAlone(dataDir: string): Promise<boolean> {
  const absolute = await absoluteDataDir(dataDir);
  const [whole, logs] = await Promise.all(
    [absolute, join(absolute, "log")].map((path) => readdir(path).catch(() => [])),
  );
  const ours = /^((supervisor|server|node|containerd)\.log(\.1)?|pods)$/;
  if (whole!.length !== 1 || whole![0] !== "log" || !logs!.every((name) => ours.test(name))) return false;
  await rm(absolute, { recursive: true });
  return true;
}

function lock({ dataDir }: Cluster): Promise<AsyncDisposable> {
  const onWait = (pid: number): void => terminalProgress().step(`waiting for another command (pid ${pid})`);
  return lockCluster({ dataDir, onWait });
}

/** The cluster of a directory; undefined where there is nothing. A directory of something else is a CommandError. */
export async function clusterIn(dataDir: string): Promise<Cluster | undefined> {
  const absolute = await absoluteDataDir(dataDir);
  const settings = await readSettings(absolute);
  if (settings !== undefined) {
    if (process.getuid?.() !== 0) throw new CommandError("this needs root: run it with sudo");
    return clusterOf(absolute, settings);
  }
  const entries = await readdir(absolute).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new CommandError(`cannot read ${absolute}: ${error.message}`, { cause: error });
  });
  if (entries.length > 0) {
    throw new CommandError(
      `${absolute} is not the directory of a cluster that k8ts up has made (there is no cluster.json in it): nothing was touched`,
    );
  }
  return undefined;
}

/** For commands that are shown to people. */
export function flagOf(dataDir: string): string {
  return dataDir === "/var/lib/k8ts" ? "" : ` --data-dir ${dataDir}`;
}
