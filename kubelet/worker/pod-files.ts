import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { ContainerStatus } from "../../cri/mod.ts";
import { isMissing } from "../files.ts";
import { podLogsDirectory, uidOfLogsDirectory } from "../runtime/names.ts";
import { readTerminationMessage } from "../runtime/termination-message.ts";

export interface TerminationLog {
  readonly uid: string;
  readonly container: string;
  /** Tells instances of the container apart. */
  readonly instance: string;
}

/** What the kubelet itself keeps of pods on the disk, beside their volumes. All is idempotent. */
export interface PodFiles {
  /** The folders that all else lies in. */
  prepare(): Promise<void>;
  makeDirectories(pod: Pod): Promise<void>;
  /** Writes a pod's /etc/hosts and says where. */
  writeHosts(uid: string, content: string): Promise<string>;
  /** The file in which a container may leave its last words: anybody may write to it. */
  makeTerminationLog(log: TerminationLog): Promise<string>;
  /** What an ended container has left there, or in its logs. */
  terminationMessage(status: ContainerStatus): Promise<string>;
  /** How often a container was started, as its logs tell: where the runtime has forgotten (calcRestartCountByLogDir). */
  restartCount(pod: Pod, container: string): Promise<number>;
  /** The pod's own directory goes; its volumes must have gone before. */
  remove(uid: string): Promise<void>;
  removeLogs(pod: Pick<Pod, "metadata">): Promise<void>;
  removeLog(path: string): Promise<void>;
  /** Removes what is there of pods that nobody knows. */
  removeUnknown(isKnown: (uid: string) => boolean): Promise<void>;
  /** Of the node's own: /etc/hosts, /etc/resolv.conf. Undefined: there is none. */
  nodeFile(path: string): Promise<string | undefined>;
}

export interface PodPlaces {
  readonly rootDir: string;
  readonly podLogsDir: string;
}

export function createPodFiles({ rootDir, podLogsDir }: PodPlaces): PodFiles {
  const directory = (uid: string): string => join(rootDir, "pods", uid);
  const forced = { recursive: true, force: true } as const;
  return {
    async prepare() {
      await mkdir(rootDir, { recursive: true, mode: 0o750 });
      await mkdir(podLogsDir, { recursive: true, mode: 0o755 });
    },
    async makeDirectories(pod) {
      await Promise.all([
        mkdir(join(directory(pod.metadata.uid ?? ""), "containers"), { recursive: true, mode: 0o750 }),
        mkdir(podLogsDirectory(podLogsDir, pod), { recursive: true, mode: 0o755 }),
      ]);
    },
    async writeHosts(uid, content) {
      const path = join(directory(uid), "etc-hosts");
      await writeOpenly(path, content, 0o644);
      return path;
    },
    async makeTerminationLog({ uid, container, instance }) {
      const place = join(directory(uid), "containers", container);
      await mkdir(place, { recursive: true, mode: 0o750 });
      const path = join(place, instance);
      await writeOpenly(path, "", 0o666);
      return path;
    },
    terminationMessage: readTerminationMessage,
    async restartCount(pod, container) {
      return nextRestart(await namesIn(join(podLogsDirectory(podLogsDir, pod), container)));
    },
    remove: (uid) => rm(directory(uid), forced),
    removeLogs: (pod) => rm(podLogsDirectory(podLogsDir, pod), forced),
    removeLog: (path) => rm(path, { force: true }),
    async removeUnknown(isKnown) {
      for (const uid of await namesIn(join(rootDir, "pods"))) if (!isKnown(uid)) await rm(directory(uid), forced);
      for (const name of await namesIn(podLogsDir)) {
        if (!isKnown(uidOfLogsDirectory(name))) await rm(join(podLogsDir, name), forced);
      }
    },
    nodeFile: (path) => readFile(path, "utf8").catch(undefinedIfMissing),
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

/** With exactly this mode, whatever the process's umask. */
async function writeOpenly(path: string, content: string, mode: number): Promise<void> {
  await writeFile(path, content, { mode });
  await chmod(path, mode);
}

/** One more than the highest of `0.log`, `1.log.20260101`, … */
function nextRestart(names: readonly string[]): number {
  const numbers = names.map((name) => Number(/^(\d+)\.log(\..*)?$/.exec(name)?.[1] ?? -1));
  return Math.max(-1, ...numbers) + 1;
}

export async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory).catch(undefinedIfMissing)) ?? [];
}
