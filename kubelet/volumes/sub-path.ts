import { constants } from "node:fs";
import { chmod, type FileHandle, lstat, mkdir, open, realpath, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative } from "node:path";
import { isAtOrBelow, type Mounts, mountOf } from "./mounts.ts";

/** open(2): a name for the object alone, which needs no permission to read it. Not among Node's constants. */
const pathOnly = 0o10000000;

/** Throws upstream's words for a sub-path that is wrong whatever lies there. */
export function checkSubPath(subPath: string): void {
  if (isAbsolute(subPath)) throw new Error(`error SubPath \`${subPath}\` must not be an absolute path`);
  if (subPath.split("/").includes(".."))
    throw new Error(`unable to provision SubPath \`${subPath}\`: must not contain '..'`);
}

/** Makes directories below a volume, as it is permitted itself, never outside of it: each step holds its directory open. */
export async function makeWithin(volumePath: string, subPath: string): Promise<void> {
  const base = await realpath(volumePath);
  const { mode } = await stat(base);
  // What exists may be links, within the volume; what is made is made below the last of it.
  let existing = join(base, subPath);
  const missing: string[] = [];
  while (existing !== base && (await stat(existing).catch(() => undefined)) === undefined) {
    missing.unshift(existing.slice(dirname(existing).length + 1));
    existing = dirname(existing);
  }
  if (missing.length === 0) return;
  let directory = await openWithin(base, await realpath(existing));
  try {
    for (const name of missing) {
      const isMade = await makeDirectory(`/proc/self/fd/${directory.fd}/${name}`);
      const next = await openBeneath(directory, name);
      await directory.close();
      directory = next;
      if (isMade) await chmod(`/proc/self/fd/${directory.fd}`, mode & 0o7777);
    }
  } finally {
    await directory.close();
  }
}

/** False: there is one already, made by somebody else meanwhile. */
async function makeDirectory(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}

/**
 * Binds what a sub-path names to a place of the kubelet's own, so that nobody who changes the volume afterwards can lead the
 * container elsewhere (pkg/volume/util/subpath, CVE-2017-1002101).
 */
export async function bindSubPath(mounts: Mounts, volumePath: string, subPath: string, target: string): Promise<void> {
  const base = await realpath(volumePath);
  const handle = await openWithin(base, await realpath(join(base, subPath)));
  try {
    const wanted = await handle.stat();
    const mounted = mountOf(await mounts.list(), target)?.path === target;
    if (mounted) {
      const there = await stat(target);
      if (there.dev === wanted.dev && there.ino === wanted.ino) return;
      await mounts.unmount(target);
    }
    await prepareTarget(target, wanted.isDirectory());
    await mounts.bind(`/proc/${process.pid}/fd/${handle.fd}`, target);
  } finally {
    await handle.close();
  }
}

async function prepareTarget(target: string, isDirectory: boolean): Promise<void> {
  const there = await lstat(target).catch(() => undefined);
  if (there !== undefined && there.isDirectory() !== isDirectory) await (there.isDirectory() ? rmdir : unlink)(target);
  if (isDirectory) return void (await mkdir(target, { recursive: true, mode: 0o750 }));
  await mkdir(dirname(target), { recursive: true, mode: 0o750 });
  await writeFile(target, "", { flag: "a", mode: 0o640 });
}

/** Opens a path without links, step by step from the base, so that no step can leave it. */
async function openWithin(base: string, path: string): Promise<FileHandle> {
  if (!isAtOrBelow(path, base)) throw new Error(`path ${path} is not within ${base}`);
  let handle = await open(base, pathOnly | constants.O_NOFOLLOW);
  for (const name of relative(base, path).split("/")) {
    if (name === "") continue;
    try {
      const next = await openBeneath(handle, name);
      await handle.close();
      handle = next;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }
  return handle;
}

async function openBeneath(directory: FileHandle, name: string): Promise<FileHandle> {
  const handle = await open(`/proc/self/fd/${directory.fd}/${name}`, pathOnly | constants.O_NOFOLLOW);
  if (!(await handle.stat()).isSymbolicLink()) return handle;
  await handle.close();
  throw new Error(`unexpected symlink found ${name}`);
}
