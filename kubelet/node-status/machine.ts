import { readdir, readFile, statfs } from "node:fs/promises";
import { arch, cpus, platform, release } from "node:os";

/** What this machine is. Numbers are bytes. */
export interface Machine {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  /** Of huge pages set aside, by page size (`2Mi`). */
  readonly hugePages: Readonly<Record<string, number>>;
  /** Of the filesystem under the kubelet's root. */
  readonly storageBytes: number;
  readonly machineID: string;
  readonly systemUUID: string;
  readonly bootID: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** As Go names them: `linux`, `amd64`. */
  readonly operatingSystem: string;
  readonly architecture: string;
}

const goArchitectures: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386", ppc64: "ppc64le" };

/** Reads it all, in a few milliseconds. What a machine does not say is empty. */
export async function readMachine(rootDir: string): Promise<Machine> {
  const [meminfo, osRelease, machineID, systemUUID, bootID, storage, hugePages] = await Promise.all([
    read("/proc/meminfo"),
    firstOf("/etc/os-release", "/usr/lib/os-release"),
    firstOf("/etc/machine-id", "/var/lib/dbus/machine-id"),
    firstOf(
      "/sys/class/dmi/id/product_uuid",
      "/proc/device-tree/system-id",
      "/proc/device-tree/vm,uuid",
      "/etc/machine-id",
    ),
    read("/proc/sys/kernel/random/boot_id"),
    statfs(rootDir),
    readHugePages("/sys/kernel/mm/hugepages"),
  ]);
  const memory = parseMeminfo(meminfo);
  return {
    cpus: cpus().length,
    memoryBytes: memory.get("MemTotal") ?? 0,
    swapBytes: memory.get("SwapTotal") ?? 0,
    hugePages,
    storageBytes: storage.blocks * storage.bsize,
    machineID: machineID.trim(),
    systemUUID: systemUUID.replace(/\0/g, "").trim(),
    bootID: bootID.trim(),
    kernelVersion: release(),
    osImage: osImageOf(osRelease),
    operatingSystem: platform(),
    architecture: goArchitectures[arch()] ?? arch(),
  };
}

/** Bytes by name, of /proc/meminfo. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  const lines = text.matchAll(/^([^:\n]+):\s+(\d+)( kB)?$/gm);
  return new Map([...lines].map(([, name, amount, unit]) => [name!, Number(amount) * (unit === undefined ? 1 : 1024)]));
}

/** PRETTY_NAME of os-release(5). */
export function osImageOf(osRelease: string): string {
  const [, value = ""] = /^PRETTY_NAME=(.*)$/m.exec(osRelease) ?? [];
  return value.replace(/^(["'])(.*)\1$/, "$2") || "Linux";
}

/** `hugepages-2048kB` is 2Mi. */
async function readHugePages(directory: string): Promise<Readonly<Record<string, number>>> {
  const found: Record<string, number> = {};
  for (const name of await readdir(directory).catch(() => [])) {
    const kilobytes = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    if (kilobytes === 0) continue;
    const pages = Number(await read(`${directory}/${name}/nr_hugepages`));
    found[pageSizeName(kilobytes)] = pages * kilobytes * 1024;
  }
  return found;
}

function pageSizeName(kilobytes: number): string {
  if (kilobytes % (1024 * 1024) === 0) return `${kilobytes / (1024 * 1024)}Gi`;
  return kilobytes % 1024 === 0 ? `${kilobytes / 1024}Mi` : `${kilobytes}Ki`;
}

async function firstOf(...paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = await read(path);
    if (text.trim() !== "") return text;
  }
  return "";
}

/** "" for what is not there or may not be read. */
async function read(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}
