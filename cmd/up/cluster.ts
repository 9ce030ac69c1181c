import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { cgroupRoot, clusterId, type NodePlace } from "../../node/files.ts";
import { dnsAddressOf } from "../server/addresses.ts";
import type { ClusterSettings } from "./settings.ts";

/** A cluster of this machine, as its directory says. */
export interface Cluster {
  /** Absolute. */
  readonly dataDir: string;
  readonly id: string;
  readonly cgroupRoot: string;
  readonly settings: ClusterSettings;
  /** Its nodes on this machine. */
  readonly nodes: readonly NodePlace[];
  /** Where DNS answers. */
  readonly dnsAddress: string;
}

export function clusterOf(dataDir: string, settings: ClusterSettings): Cluster {
  return {
    dataDir,
    id: clusterId(dataDir),
    cgroupRoot: cgroupRoot(dataDir),
    settings,
    nodes: [{ name: settings.nodeName, directory: dataDir }],
    dnsAddress: dnsAddressOf(settings.serviceCidr),
  };
}

export function logFile(dataDir: string, component: string): string {
  return join(dataDir, "log", `${component}.log`);
}

/** The one path of a directory, whether it is there already or not: what is told apart by it must stay together. */
export async function absoluteDataDir(dataDir: string): Promise<string> {
  const path = resolve(dataDir);
  return realpath(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT" || dirname(path) === path) return path;
    return join(await absoluteDataDir(dirname(path)), basename(path));
  });
}
