import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Volume, VolumeMount } from "../../api/generated/types/core-v1.ts";
import { isAtOrBelow } from "./mounts.ts";

/** Upstream's folders below the kubelet's root, and one more: what must not touch a disk lies in a tmpfs of the whole node. */
export class VolumeLayout {
  readonly root: string;
  /** Of secrets and tokens. */
  readonly memory: string;

  constructor(root: string) {
    this.root = root;
    this.memory = join(root, "memory");
  }

  get pods(): string {
    return join(this.root, "pods");
  }

  pod(uid: string): string {
    return join(this.pods, uid);
  }

  /** `plugin` with its slash escaped: `kubernetes.io~secret`. */
  volume(uid: string, plugin: string, name: string): string {
    return join(this.pod(uid), "volumes", plugin, name);
  }

  inMemory(uid: string, plugin: string, name: string): string {
    return join(this.memory, uid, plugin, name);
  }

  /** Says that an emptyDir has been made once, and is not to be made anew. */
  ready(uid: string, name: string): string {
    return join(this.pod(uid), "plugins", "kubernetes.io~empty-dir", name, "ready");
  }

  subPath(uid: string, volume: string, container: string, index: number): string {
    return join(this.pod(uid), "volume-subpaths", volume, container, String(index));
  }
}

/** The folder of a collected volume, and whether it must not touch a disk. */
export function pluginOf({ configMap, secret, downwardAPI, projected }: Volume): {
  readonly plugin: string;
  readonly inMemory: boolean;
} {
  if (configMap !== undefined) return { plugin: "kubernetes.io~configmap", inMemory: false };
  if (downwardAPI !== undefined) return { plugin: "kubernetes.io~downward-api", inMemory: false };
  if (secret !== undefined) return { plugin: "kubernetes.io~secret", inMemory: true };
  if (projected !== undefined) return { plugin: "kubernetes.io~projected", inMemory: true };
  throw new Error("not a volume of files from the API");
}

interface Mounting {
  readonly volumeMounts?: readonly VolumeMount[];
}

function containersOf({ spec }: Pod): readonly Mounting[] {
  return [
    ...spec.containers,
    ...(spec.initContainers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ] as readonly Mounting[];
}

/** The volumes that some container mounts; the others are never made (pkg/volume/util GetPodVolumeNames). */
export function mountedVolumes(pod: Pod): readonly Volume[] {
  const names = new Set(containersOf(pod).flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name)));
  return (pod.spec.volumes ?? []).filter(({ name }) => names.has(name));
}

/**
 * Folders that a volume needs because other volumes are mounted within it, relative to it: in one that is mounted
 * read-only nobody could make them later (pkg/volume/util MakeNestedMountpoints).
 */
export function nestedMountPoints(pod: Pod, volume: string): readonly string[] {
  const found = new Set<string>();
  for (const { volumeMounts = [] } of containersOf(pod)) {
    for (const { name, mountPath, subPath = "" } of volumeMounts) {
      if (name !== volume || subPath !== "") continue;
      for (const other of volumeMounts) {
        if (other.name === volume || other.mountPath === mountPath || !isAtOrBelow(other.mountPath, mountPath))
          continue;
        const relative = other.mountPath.slice(mountPath.length).replace(/^\/+/, "");
        if (relative !== "" && !relative.startsWith("..")) found.add(relative);
      }
    }
  }
  return [...found].sort();
}
