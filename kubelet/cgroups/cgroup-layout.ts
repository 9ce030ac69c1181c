import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type CgroupResources, sharesToWeight } from "./pod-resources.ts";

/** Where the kernel's cgroups are to be found. */
export type CgroupLayout =
  | {
      readonly version: 1;
      /** Mount points by controller; some may be absent. */
      readonly controllers: Readonly<Record<string, string>>;
      /** All hierarchies, those without a controller too: runtimes put their processes into each. */
      readonly hierarchies: readonly string[];
    }
  | {
      readonly version: 2;
      readonly mount: string /** Those the whole tree may use. */;
      readonly controllers: readonly string[];
    };

/** Of this machine. */
export async function readCgroupLayout(): Promise<CgroupLayout> {
  const layout = cgroupLayoutOf(await readFile("/proc/self/mounts", "utf8"));
  return layout.version === 1 ? layout : unifiedLayout(layout.mount);
}

/** Of a v2 mounted here. */
export async function unifiedLayout(mount: string): Promise<CgroupLayout> {
  const text = await readFile(join(mount, "cgroup.controllers"), "utf8");
  return { version: 2, mount, controllers: text.split(/\s+/).filter((name) => name !== "") };
}

/**
 * From the text of /proc/self/mounts, without the controllers of v2. A machine is on v2 where no controller is mounted as v1; beside v1's, a v2 without
 * controllers (hybrid) is one hierarchy more. Throws where there are no cgroups.
 */
export function cgroupLayoutOf(mounts: string): CgroupLayout {
  const controllers: Record<string, string> = {};
  const hierarchies: string[] = [];
  let unified: string | undefined;
  for (const line of mounts.split("\n")) {
    const [, at = "", type, options = ""] = line.split(" ");
    if (type === "cgroup2") unified ??= at;
    if (type !== "cgroup") continue;
    hierarchies.push(at);
    for (const option of options.split(",")) {
      if (!notControllers.has(option) && !option.includes("=")) controllers[option] ??= at;
    }
  }
  if (Object.keys(controllers).length > 0) {
    return { version: 1, controllers, hierarchies: unified === undefined ? hierarchies : [...hierarchies, unified] };
  }
  if (unified === undefined) throw new Error("failed to find cgroup mounts");
  return { version: 2, mount: unified, controllers: [] };
}

/** Mount options that any mount of cgroups may have. */
const notControllers: ReadonlySet<string> = new Set(
  [
    "rw",
    "ro",
    "relatime",
    "noatime",
    "nosuid",
    "nodev",
    "noexec",
    "xattr",
    "none",
    "clone_children",
    "nsdelegate",
  ].concat(["memory_recursiveprot", "favordynmods", "noprefix", "cpuset_v2_mode"]),
);

export function hierarchiesOf(layout: CgroupLayout): readonly string[] {
  return layout.version === 1 ? layout.hierarchies : [layout.mount];
}

/** The directory of a cgroup (`/kubepods/besteffort`) where this controller has it; undefined: there is no such controller. */
export function cgroupDirectory(layout: CgroupLayout, controller: string, cgroup: string): string | undefined {
  if (layout.version === 2) return layout.controllers.includes(controller) ? join(layout.mount, cgroup) : undefined;
  const mount = layout.controllers[controller];
  return mount === undefined ? undefined : join(mount, cgroup);
}

export interface CgroupWrite {
  readonly path: string;
  readonly value: string;
}

/** The files that give a cgroup its resources, in the order to write them. What has no controller here is left out. */
export function cgroupWrites(layout: CgroupLayout, cgroup: string, resources: CgroupResources): readonly CgroupWrite[] {
  const writes: CgroupWrite[] = [];
  const write = (controller: string, file: string, value: string | number): void => {
    const directory = cgroupDirectory(layout, controller, cgroup);
    if (directory !== undefined) writes.push({ path: join(directory, file), value: String(value) });
  };
  const { cpuShares, cpuQuotaUs, cpuPeriodUs = 100_000, memoryLimitBytes, pidsLimit, hugePageLimits = {} } = resources;
  if (layout.version === 2) {
    if (cpuShares !== undefined) write("cpu", "cpu.weight", sharesToWeight(cpuShares));
    if (cpuQuotaUs !== undefined) write("cpu", "cpu.max", `${cpuQuotaUs < 0 ? "max" : cpuQuotaUs} ${cpuPeriodUs}`);
    if (memoryLimitBytes !== undefined) write("memory", "memory.max", memoryLimitBytes);
  } else {
    if (cpuShares !== undefined) write("cpu", "cpu.shares", cpuShares);
    if (cpuQuotaUs !== undefined) {
      write("cpu", "cpu.cfs_period_us", cpuPeriodUs);
      write("cpu", "cpu.cfs_quota_us", cpuQuotaUs);
    }
    if (memoryLimitBytes !== undefined) write("memory", "memory.limit_in_bytes", memoryLimitBytes);
  }
  if (pidsLimit !== undefined) write("pids", "pids.max", pidsLimit);
  for (const [size, bytes] of Object.entries(hugePageLimits)) {
    // The kernel writes decimal units and means binary ones: hugetlb.2MB.limit_in_bytes.
    write("hugetlb", `hugetlb.${size.replace("i", "B")}.${layout.version === 2 ? "max" : "limit_in_bytes"}`, bytes);
  }
  return writes;
}
