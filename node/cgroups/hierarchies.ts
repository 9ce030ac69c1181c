import { readFile } from "node:fs/promises";

/** One mounted tree of cgroups. Machines have one of version 2, or one of version 1 for each controller, or both (hybrid). */
export interface CgroupHierarchy {
  readonly mountPoint: string;
  readonly version: 1 | 2;
  /** Of version 1: `memory`, `cpu` and `cpuacct`, `name=systemd`. Empty for version 2, which says so itself. */
  readonly controllers: readonly string[];
}

export async function cgroupHierarchies(): Promise<readonly CgroupHierarchy[]> {
  return hierarchiesIn(await readFile("/proc/self/mountinfo", "utf8"));
}

const notControllers = new Set(["rw", "ro", "xattr", "clone_children", "noprefix", "none"]);

/** Reads /proc/PID/mountinfo (proc(5)): the first mount of each tree that shows the tree's root. */
export function hierarchiesIn(mountinfo: string): readonly CgroupHierarchy[] {
  const found = new Map<string, CgroupHierarchy>();
  for (const line of mountinfo.split("\n")) {
    const [left = "", right = ""] = line.split(" - ");
    const [type, , superOptions = ""] = right.split(" ");
    const mountPoint = (left.split(" ")[4] ?? "").replaceAll("\\040", " ");
    if (type === "cgroup2") {
      found.set("2", found.get("2") ?? { mountPoint, version: 2, controllers: [] });
    } else if (type === "cgroup") {
      const controllers = superOptions
        .split(",")
        .filter((option) => !notControllers.has(option) && !/^release_agent=/.test(option));
      const key = controllers.join();
      found.set(key, found.get(key) ?? { mountPoint, version: 1, controllers });
    }
  }
  return [...found.values()];
}

/** Whether pods are limited through version 2: it has the controllers, and no tree of version 1 has the memory's. */
export function isUnified(hierarchies: readonly CgroupHierarchy[]): boolean {
  return !hierarchies.some(({ version, controllers }) => version === 1 && controllers.includes("memory"));
}
