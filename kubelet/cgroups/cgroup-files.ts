import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { type CgroupLayout, type CgroupWrite, hierarchiesOf } from "./cgroup-layout.ts";

/** The controllers a pod's cgroup needs; runtimes make the rest for themselves. */
const usedControllers = ["cpu", "cpuset", "memory", "pids", "hugetlb"] as const;

/** How often a cgroup with processes in it is tried again, and how long in between. */
const removalAttempts = 100;
const removalPauseMs = 10;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/**
 * Makes a cgroup and those above it, in each hierarchy that counts. Those from the top down to `parent` are there already, as
 * this function has made them.
 */
export async function makeCgroup(layout: CgroupLayout, cgroup: string, parent = "/"): Promise<void> {
  if (layout.version === 2) return makeUnified(layout, cgroup, parent);
  await Promise.all(
    usedControllers.map(async (controller) => {
      const mount = layout.controllers[controller];
      if (mount === undefined) return;
      const path = join(mount, cgroup);
      const made = await mkdir(path, { recursive: true });
      // Where somebody has removed those above it, they are new, too.
      if (controller === "cpuset")
        await inheritCpuset(mount, cgroup, made === path || made === undefined ? parent : "/");
    }),
  );
}

/** The names on the way from `parent` to the cgroup below it. */
function below(parent: string, cgroup: string): readonly string[] {
  return relative(parent, cgroup).split("/");
}

/** On v2 a cgroup has the controllers that all above it hand down. */
async function makeUnified(
  { mount, controllers }: CgroupLayout & { version: 2 },
  cgroup: string,
  parent: string,
): Promise<void> {
  const wanted = usedControllers.filter((controller) => controllers.includes(controller));
  let path = join(mount, parent);
  for (const part of below(parent, cgroup)) {
    await handDown(path, wanted);
    path = join(path, part);
    await mkdir(path, { recursive: true });
  }
}

async function handDown(path: string, wanted: readonly string[]): Promise<void> {
  const file = join(path, "cgroup.subtree_control");
  const enabled = (await readFile(file, "utf8").catch(() => "")).split(/\s+/);
  const missing = wanted.filter((controller) => !enabled.includes(controller));
  if (missing.length > 0) await writeFile(file, missing.map((controller) => `+${controller}`).join(" "));
}

/** On v1 a new cgroup may run on no CPU at all until it is told which. */
async function inheritCpuset(mount: string, cgroup: string, parent: string): Promise<void> {
  let path = join(mount, parent);
  for (const part of below(parent, cgroup)) {
    const [child, from] = [join(path, part), path];
    await Promise.all(
      ["cpuset.cpus", "cpuset.mems"].map(async (file) => {
        const [own, above] = await Promise.all([readText(join(child, file)), readText(join(from, file))]);
        if (own.trim() === "" && above.trim() !== "") await writeFile(join(child, file), above.trim());
      }),
    );
    path = child;
  }
}

/** "" where there is none. */
async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Writes of one controller are made in their order. */
export async function writeCgroup(writes: readonly CgroupWrite[]): Promise<void> {
  const byController = Map.groupBy(writes, ({ path }) => path.slice(0, path.indexOf(".", path.lastIndexOf("/"))));
  await Promise.all(Array.from(byController.values(), writeInOrder));
}

async function writeInOrder(writes: readonly CgroupWrite[]): Promise<void> {
  for (const { path, value } of writes) {
    try {
      await writeFile(path, value);
    } catch (cause) {
      throw new Error(`failed to write ${JSON.stringify(value)} to ${path}`, { cause });
    }
  }
}

/** The cgroups directly below one, in any hierarchy. */
export async function childCgroups(layout: CgroupLayout, cgroup: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const mount of hierarchiesOf(layout)) for (const name of await directories(join(mount, cgroup))) found.add(name);
  return found;
}

/** Empty where it is not there. */
async function directories(path: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENODEV") return [];
    throw error;
  }
}

/** Ends whatever runs in it and below, and removes it from every hierarchy. Rejects where a process does not end in a second. */
export async function removeCgroup(layout: CgroupLayout, cgroup: string, clock: Clock): Promise<void> {
  for (const mount of hierarchiesOf(layout)) await removeTree(join(mount, cgroup), clock);
}

async function removeTree(path: string, clock: Clock): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      for (const name of await directories(path)) await removeTree(join(path, name), clock);
      await rmdir(path);
      return;
    } catch (error) {
      const code = codeOf(error);
      if (code === "ENOENT" || code === "ENODEV") return;
      if ((code !== "EBUSY" && code !== "ENOTEMPTY") || attempt === removalAttempts) throw error;
    }
    await killMembers(path);
    await clock.sleep(removalPauseMs);
  }
}

async function killMembers(path: string): Promise<void> {
  const pids = (await readText(join(path, "cgroup.procs"))).split("\n").map(Number);
  for (const pid of pids) {
    // 0: a process of another pid namespace, which cannot be named from here.
    if (pid <= 1 || pid === process.pid) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if (codeOf(error) !== "ESRCH") throw error;
    }
  }
}
