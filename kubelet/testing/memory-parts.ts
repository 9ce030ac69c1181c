import type { PodCgroups } from "../cgroups/pod-cgroups.ts";
import type { MachineParts } from "../options.ts";
import type { MountedVolume, PodVolumes } from "../volumes/pod-volumes.ts";
import type { PodFiles } from "../worker/pod-files.ts";

/** Parts of a machine that exists in memory alone, and what they hold: a node of them touches no file. */
export interface MemoryParts extends Required<Omit<MachineParts, "puller">> {
  /** uids of pods that have something here. */
  readonly held: { readonly cgroups: Set<string>; readonly volumes: Set<string>; readonly files: Set<string> };
}

const gibibyte = 2 ** 30;

export interface MemoryMachine {
  readonly cpus?: number;
  readonly memoryBytes?: number;
}

export function memoryParts({ cpus = 4, memoryBytes = 16 * gibibyte }: MemoryMachine = {}): MemoryParts {
  const held = { cgroups: new Set<string>(), volumes: new Set<string>(), files: new Set<string>() };
  const disk = { availableBytes: 80 * gibibyte, totalBytes: 100 * gibibyte, inodesFree: 1_000_000, inodes: 2_000_000 };
  return {
    held,
    cgroups: memoryCgroups(held.cgroups),
    volumes: memoryVolumes(held.volumes),
    files: memoryFiles(held.files),
    machine: async () => ({
      cpus,
      memoryBytes,
      swapBytes: 0,
      hugePages: {},
      storageBytes: disk.totalBytes,
      machineID: "0",
      systemUUID: "0",
      bootID: "0",
      kernelVersion: "6.1",
      osImage: "simulated",
      operatingSystem: "linux",
      architecture: "amd64",
    }),
    signals: async () => ({
      memoryAvailableBytes: memoryBytes,
      nodeFs: disk,
      imageFs: disk,
      pidsAvailable: 30_000,
      pidsTotal: 32_768,
    }),
  };
}

function memoryCgroups(held: Set<string>): PodCgroups {
  return {
    parentOf: ({ metadata }) => `/kubepods/pod${metadata.uid}`,
    ensure: async ({ metadata }) => void held.add(metadata.uid ?? ""),
    remove: async (uid) => void held.delete(uid),
    known: async () => [...held],
  };
}

function memoryVolumes(held: Set<string>): PodVolumes {
  return {
    async prepare({ metadata, spec }) {
      const { uid = "" } = metadata;
      held.add(uid);
      const mounted = (name: string): MountedVolume => ({ hostPath: `/pods/${uid}/volumes/${name}`, readOnly: false });
      return new Map((spec.volumes ?? []).map(({ name }) => [name, mounted(name)]));
    },
    resolveSubPath: async ({ volumePath, subPath }) => `${volumePath}/${subPath}`,
    remove: async (uid) => void held.delete(uid),
    known: async () => [...held],
  };
}

function memoryFiles(held: Set<string>): PodFiles {
  return {
    prepare: async () => {},
    makeDirectories: async ({ metadata }) => void held.add(metadata.uid ?? ""),
    writeHosts: async (uid) => `/pods/${uid}/etc-hosts`,
    makeTerminationLog: async ({ uid, container, instance }) => `/pods/${uid}/${container}/${instance}`,
    // A runtime in memory tells it itself.
    terminationMessage: async () => "",
    restartCount: async () => 0,
    remove: async (uid) => void held.delete(uid),
    removeLogs: async () => {},
    removeLog: async () => {},
    removeUnknown: async (isKnown) => {
      for (const uid of held) if (!isKnown(uid)) held.delete(uid);
    },
    nodeFile: async () => undefined,
  };
}
