import { chmod, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { EmptyDirVolumeSource } from "../../api/generated/types/core-v1.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import { bytesOf, podLimits } from "../cgroups/pod-resources.ts";
import { type Mounts, mountOf } from "./mounts.ts";
import { changeOwnership } from "./ownership.ts";

export interface EmptyDirOptions {
  readonly source: EmptyDirVolumeSource;
  readonly path: string;
  readonly readyFile: string;
  readonly mounts: Mounts;
  readonly allocatable: ResourceList;
}

/** Makes it once in the pod's life: what its containers have written stays (pkg/volume/emptydir). */
export async function makeEmptyDir(
  pod: Pod,
  { source, path, readyFile, mounts, allocatable }: EmptyDirOptions,
): Promise<void> {
  const { medium = "", sizeLimit } = source;
  if (medium !== "" && medium !== "Memory") throw new Error(`unknown storage medium ${JSON.stringify(medium)}`);
  const isReady = (await exists(readyFile)) && (await exists(path));
  if (isReady && medium === "") return;
  if (medium === "Memory" && mountOf(await mounts.list(), path)?.path === path) return;
  await mkdir(path, { recursive: true });
  await chmod(path, 0o777);
  if (medium === "Memory") {
    const sizeBytes = tmpfsSize(pod, sizeLimit, allocatable);
    await mounts.tmpfs(path, sizeBytes === 0 ? ["rw"] : [`size=${sizeBytes}`]);
  }
  const fsGroup = pod.spec.securityContext?.fsGroup;
  if (fsGroup !== undefined) await changeOwnership(path, { fsGroup, readOnly: false });
  await mkdir(dirname(readyFile), { recursive: true, mode: 0o750 });
  await writeFile(readyFile, "");
}

/** The least of its own limit, the pod's memory and the node's; 0: none of them is known (calculateEmptyDirMemorySize). */
export function tmpfsSize(pod: Pod, sizeLimit: string | undefined, allocatable: ResourceList): number {
  const bounds = [
    bytesOf(allocatable),
    bytesOf(podLimits(pod)),
    sizeLimit === undefined ? 0 : Quantity.parse(sizeLimit).value(),
  ];
  const positive = bounds.filter((bytes) => bytes > 0);
  return positive.length === 0 ? 0 : Math.min(...positive);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
