import { chmod, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import { isMissing } from "../files.ts";
import { podLogsDirectory } from "../runtime/names.ts";

export interface PodPlaces {
  readonly rootDir: string;
  readonly podLogsDir: string;
}

export function podDirectory(rootDir: string, uid: string): string {
  return join(rootDir, "pods", uid);
}

export async function makePodDirectories({ rootDir, podLogsDir }: PodPlaces, pod: Pod): Promise<void> {
  await mkdir(join(podDirectory(rootDir, pod.metadata.uid ?? ""), "containers"), { recursive: true, mode: 0o750 });
  await mkdir(podLogsDirectory(podLogsDir, pod), { recursive: true, mode: 0o755 });
}

/** Writes a pod's /etc/hosts and says where. */
export async function writeHostsFile(rootDir: string, uid: string, content: string): Promise<string> {
  const path = join(podDirectory(rootDir, uid), "etc-hosts");
  await writeFile(path, content, { mode: 0o644 });
  await chmod(path, 0o644);
  return path;
}

export interface TerminationLog {
  readonly rootDir: string;
  readonly uid: string;
  readonly container: string;
  /** Tells instances of the container apart. */
  readonly instance: string;
}

/** The file in which a container may leave its last words: anybody may write to it. */
export async function makeTerminationLog({ rootDir, uid, container, instance }: TerminationLog): Promise<string> {
  const directory = join(podDirectory(rootDir, uid), "containers", container);
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const path = join(directory, instance);
  await writeFile(path, "", { mode: 0o666 });
  await chmod(path, 0o666);
  return path;
}

/** How often a container was started, as its logs tell: where the runtime has forgotten (calcRestartCountByLogDir). */
export async function restartCountOfLogs(directory: string): Promise<number> {
  let count = 0;
  for (const name of await namesIn(directory)) {
    const number = /^(\d+)\.log(\..*)?$/.exec(name)?.[1];
    if (number !== undefined) count = Math.max(count, Number(number) + 1);
  }
  return count;
}

export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Removes the pod's own directory; its volumes must be gone. */
export async function removePodDirectory(rootDir: string, uid: string): Promise<void> {
  await rm(podDirectory(rootDir, uid), { recursive: true, force: true });
}

export async function removeLogs(podLogsDir: string, pod: Pick<Pod, "metadata">): Promise<void> {
  await rm(podLogsDirectory(podLogsDir, pod), { recursive: true, force: true });
}
