import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { type CgroupHierarchy, cgroupHierarchies } from "./hierarchies.ts";

/**
 * Everything of one cluster in all cgroup trees of the machine: `/k8ts/ID` and what lies below. What is not below is never
 * touched.
 */
export class CgroupTree {
  readonly root: string;
  readonly #hierarchies: readonly CgroupHierarchy[];

  private constructor(root: string, hierarchies: readonly CgroupHierarchy[]) {
    this.root = root;
    this.#hierarchies = hierarchies;
  }

  /** `root` as of `cgroupRoot`. */
  static async open(root: string): Promise<CgroupTree> {
    return new CgroupTree(root, await cgroupHierarchies());
  }

  /** Makes the root and a cgroup below exist in every tree, with the controllers handed down. */
  async ensure(name = ""): Promise<void> {
    for (const hierarchy of this.#hierarchies) {
      await againWhileGone(() => ensureIn(hierarchy, join(this.root, name)));
    }
  }

  /** Moves a process into a cgroup below the root; those it starts later are born there. */
  async add(name: string, pid: number): Promise<void> {
    for (const { mountPoint, controllers } of this.#hierarchies) {
      // Limits of a processor are no business of these cgroups, and a cpuset may hold none.
      if (!controllers.includes("cpuset")) {
        await writeFile(join(mountPoint, this.root, name, "cgroup.procs"), String(pid));
      }
    }
  }

  /** Processes below the root, or below one cgroup there. */
  async processes(name = ""): Promise<readonly number[]> {
    const found = new Set<number>();
    for (const { mountPoint } of this.#hierarchies) {
      for (const folder of await foldersBelow(join(mountPoint, this.root, name))) {
        const text = await readFile(join(folder, "cgroup.procs"), "utf8").catch(ifGone(""));
        for (const pid of text.split("\n").map(Number)) {
          if (pid > 0) found.add(pid);
        }
      }
    }
    return [...found];
  }

  /** Kills what runs below the root and waits until it is gone, then removes the cgroups. Gives what could not be removed. */
  async remove(clock: Clock, timeoutMs = 5_000): Promise<readonly string[]> {
    const end = clock.monotonicMs() + timeoutMs;
    for (;;) {
      await this.#thaw();
      for (const pid of await this.processes()) {
        kill(pid);
      }
      const left: string[] = [];
      for (const { mountPoint } of this.#hierarchies) {
        left.push(...(await removeBelow(join(mountPoint, this.root))));
      }
      if (left.length === 0 || clock.monotonicMs() > end) {
        await this.#removeParents();
        return left;
      }
      await clock.sleep(10);
    }
  }

  /** Frozen processes of version 1 do not die. */
  async #thaw(): Promise<void> {
    const freezer = this.#hierarchies.find(({ controllers }) => controllers.includes("freezer"));
    if (freezer !== undefined) {
      for (const folder of await foldersBelow(join(freezer.mountPoint, this.root))) {
        await writeFile(join(folder, "freezer.state"), "THAWED").catch(ifGone(undefined));
      }
    }
  }

  /** `/k8ts` goes with the last cluster of the machine. */
  async #removeParents(): Promise<void> {
    for (const { mountPoint } of this.#hierarchies) {
      await rmdir(join(mountPoint, dirname(this.root))).catch(() => {}); // Others have clusters.
    }
  }
}

/** Deepest first. */
async function foldersBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(ifGone([]));
  const below: string[] = [];
  for (const entry of entries) {
    if (entry.isDirectory()) below.push(...(await foldersBelow(join(folder, entry.name))));
  }
  return entries.length === 0 ? [] : [...below, folder];
}

async function removeBelow(root: string): Promise<readonly string[]> {
  const left: string[] = [];
  for (const folder of await foldersBelow(root)) {
    await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") left.push(folder);
    });
  }
  return left;
}

/** How often the parents that all clusters share may go, with the last other cluster, between two steps here. */
const attempts = 20;

/** What is removed between two steps is made anew: a cgroup in which nothing is left holds nothing that could be lost. */
async function againWhileGone(make: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make();
    } catch (error) {
      const { code = "" } = error as NodeJS.ErrnoException;
      if (attempt === attempts || (code !== "ENOENT" && code !== "ENODEV")) throw error;
    }
  }
}

async function ensureIn({ mountPoint, version, controllers }: CgroupHierarchy, path: string): Promise<void> {
  let folder = mountPoint;
  for (const part of path.split("/").filter((one) => one !== "")) {
    const parent = folder;
    folder = join(parent, part);
    if (version === 2) await handDown(parent, parent === mountPoint);
    await mkdir(folder).catch(ifThere);
    if (controllers.includes("cpuset")) await copyCpuset(parent, folder);
  }
}

/** Version 2: children have the controllers that their parent lists in `cgroup.subtree_control`. */
async function handDown(folder: string, top: boolean): Promise<void> {
  const [available, enabled] = await Promise.all(
    ["cgroup.controllers", "cgroup.subtree_control"].map((file) => readFile(join(folder, file), "utf8")),
  );
  const missing = wordsOf(available).filter((controller) => !wordsOf(enabled).includes(controller));
  if (missing.length === 0) return;
  const write = () =>
    writeFile(join(folder, "cgroup.subtree_control"), missing.map((controller) => `+${controller}`).join(" "));
  try {
    await write();
  } catch (error) {
    if (!top || (error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
    // Within a container the top is an ordinary cgroup, which hands nothing down while it holds processes itself.
    await makeRoom(folder);
    await write();
  }
}

async function makeRoom(top: string): Promise<void> {
  const aside = join(top, "init");
  await mkdir(aside).catch(ifThere);
  for (const pid of wordsOf(await readFile(join(top, "cgroup.procs"), "utf8"))) {
    await writeFile(join(aside, "cgroup.procs"), pid).catch(ifGone(undefined));
  }
}

/** Version 1: a new cpuset is empty, and takes no process until it has processors and memory. */
async function copyCpuset(parent: string, folder: string): Promise<void> {
  for (const file of ["cpuset.cpus", "cpuset.mems"]) {
    if ((await readFile(join(folder, file), "utf8")).trim() === "") {
      await writeFile(join(folder, file), (await readFile(join(parent, file), "utf8")).trim());
    }
  }
}

function wordsOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(/\s+/).filter((word) => word !== "");
}

function ifThere(error: NodeJS.ErrnoException): void {
  if (error.code !== "EEXIST") throw error;
}

function ifGone<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === "ENOENT" || error.code === "ESRCH" || error.code === "ENODEV") return value;
    throw error;
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
