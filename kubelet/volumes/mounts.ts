import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Logger } from "../../base/logger.ts";

export interface Mount {
  readonly path: string;
  readonly type: string;
  /** What is mounted here reaches other mount namespaces. */
  readonly shared: boolean;
}

/** Of the kernel's mount table; what it changes needs root. */
export interface Mounts {
  /** In the order they were made: of two at one path the later is seen. */
  list(): Promise<readonly Mount[]>;
  tmpfs(path: string, options: readonly string[]): Promise<void>;
  /** Also of a file, and of /proc/PID/fd/N, whose object is meant and not its name. */
  bind(source: string, target: string): Promise<void>;
  /** Makes a directory, which may be a mount already, one whose later mounts reach other namespaces. */
  share(path: string, options: { readonly isMounted: boolean }): Promise<void>;
  /** `lazy`: gone from sight at once, in truth when nobody uses it any more. */
  unmount(path: string, options?: { readonly lazy?: boolean }): Promise<void>;
}

/** By the commands of util-linux, 3 to 6 ms each: a mount a node, not a mount a volume, wherever that will do. */
export const hostMounts: Mounts = {
  list: async () => parseMounts(await readFile("/proc/self/mountinfo", "utf8")),
  tmpfs: (path, options) => run("mount", ["-t", "tmpfs", "-o", options.join(","), "tmpfs", path]),
  bind: (source, target) => run("mount", ["--no-canonicalize", "--bind", source, target]),
  async share(path, { isMounted }) {
    if (!isMounted) await run("mount", ["--bind", path, path]);
    await run("mount", ["--make-rshared", path]);
  },
  unmount: (path, { lazy = false } = {}) => run("umount", lazy ? ["--lazy", path] : [path]),
};

/** proc(5), mountinfo. */
export function parseMounts(text: string): readonly Mount[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [before = "", after = ""] = line.split(" - ");
      const [, , , , path = "", , ...optional] = before.split(" ");
      const shared = optional.some((field) => field.startsWith("shared:"));
      return { path: decodeOctal(path), type: after.split(" ")[0] ?? "", shared };
    });
}

/** The mount that a path lies on. */
export function mountOf(mounts: readonly Mount[], path: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    if (isAtOrBelow(path, mount.path) && mount.path.length >= (found?.path.length ?? 0)) found = mount;
  }
  return found;
}

/**
 * Unmounts a folder and all below it but `keep`, what is still in use as soon as it is not. Rejects where something stays: to remove
 * files then could remove those of others.
 */
export async function unmountBelow(
  root: string,
  { mounts, logger, keep }: { readonly mounts: Mounts; readonly logger: Logger; readonly keep?: string | undefined },
): Promise<void> {
  const below = (await mounts.list()).filter(({ path }) => path !== keep && isAtOrBelow(path, root)).toReversed();
  for (const { path } of below) {
    await mounts.unmount(path).catch((error: unknown) => {
      logger.debug("Mount is in use", { path, error });
      return mounts.unmount(path, { lazy: true });
    });
  }
}

export function isAtOrBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

function decodeOctal(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Rejects with what the command said. A mount that hangs is given up after a minute. */
function run(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { timeout: 60_000, env: { PATH: process.env["PATH"], LC_ALL: "C" } },
      (cause, _, stderr) => {
        if (cause === null) resolve();
        else reject(new Error(`${command} ${args.join(" ")}: ${stderr.trim() || cause.message}`, { cause }));
      },
    );
  });
}
