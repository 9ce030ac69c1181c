import { chmod, lchown, lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";

export interface OwnershipOptions {
  readonly fsGroup: number;
  readonly readOnly: boolean;
  readonly changePolicy?: string | undefined;
}

const setgid = 0o2000;

/**
 * Gives a volume, with all in it, to a group: read and write (or read) for it, directories searchable and with their group
 * handed on to new files. With policy OnRootMismatch nothing is done where the volume's root is as it should be
 * (pkg/volume/volume_linux.go).
 */
export async function changeOwnership(path: string, options: OwnershipOptions): Promise<void> {
  if (options.changePolicy === "OnRootMismatch" && (await rootMatches(path, options))) return;
  await changeTree(path, options);
}

async function changeTree(path: string, options: OwnershipOptions): Promise<void> {
  const stats = await lstat(path);
  if (stats.isDirectory()) {
    for await (const { name } of await opendir(path)) await changeTree(join(path, name), options);
  }
  await lchown(path, stats.uid, options.fsGroup);
  if (stats.isSymbolicLink()) return; // chmod would change what it points to.
  const bits = (options.readOnly ? 0o440 : 0o660) | (stats.isDirectory() ? setgid | 0o110 : 0);
  await chmod(path, (stats.mode & 0o7777) | bits);
}

async function rootMatches(path: string, { fsGroup, readOnly }: OwnershipOptions): Promise<boolean> {
  const stats = await lstat(path);
  if (!stats.isDirectory() || stats.gid !== fsGroup) return false;
  const bits = (readOnly ? 0o440 : 0o660) | setgid | 0o110;
  return (stats.mode & bits) === bits;
}

/** The one user that all containers run as; undefined where they differ or do not say (pkg/volume/util FsUserFrom). */
export function fsUserOf({ spec }: Pod): number | undefined {
  const own = (spec.securityContext as Pod["spec"]["securityContext"] | undefined)?.runAsUser;
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const users = new Set(containers.map(({ securityContext }) => securityContext?.runAsUser ?? own));
  return users.size === 1 ? [...users][0] : undefined;
}
