import { join } from "node:path";
import { CommandError } from "../command-error.ts";
import { programName } from "../program-name.ts";
import { readJson, writeJson } from "./supervisor/component.ts";

/** What makes a cluster this one; in `cluster.json` from its first start on. */
export interface ClusterSettings {
  readonly version: 1;
  readonly store: string;
  readonly apiPort: number;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly nodeName: string;
  /** Of the node's own API; that which was free when the cluster was made. */
  readonly kubeletPort: number;
  /** Name of the context, cluster and user in people's kubeconfigs. */
  readonly context: string;
  /** The file that the context was put into. */
  readonly kubeconfig: string;
}

export type AskedSettings = Partial<Omit<ClusterSettings, "version" | "kubeletPort" | "context" | "kubeconfig">>;

/** Upstream's, and that of clusters which do not say. */
export const usualKubeletPort = 10250;

const flagOf: Readonly<Record<string, string>> = {
  store: "--store",
  apiPort: "--api-port",
  podCidr: "--pod-cidr",
  serviceCidr: "--service-cidr",
  nodeName: "--node-name",
};

export function clusterFile(dataDir: string): string {
  return join(dataDir, "cluster.json");
}

/** Undefined where the directory holds no cluster that `up` made. */
export async function readSettings(dataDir: string): Promise<ClusterSettings | undefined> {
  const has = await readJson<ClusterSettings>(clusterFile(dataDir));
  return has && { ...has, kubeletPort: has.kubeletPort ?? usualKubeletPort };
}

export async function writeSettings(dataDir: string, settings: ClusterSettings): Promise<void> {
  await writeJson(clusterFile(dataDir), settings);
}

/**
 * The settings of a cluster that is started: those it has, or new ones from what is asked and what is usual. What is asked and
 * contradicts what it has is a CommandError: objects in its store were made by the old settings.
 */
export function settingsFor(
  has: ClusterSettings | undefined,
  asked: AskedSettings,
  usual: Omit<ClusterSettings, "version">,
  dataDir: string,
): ClusterSettings {
  if (has === undefined) return { version: 1, ...usual, ...defined(asked) };
  for (const [key, value] of Object.entries(defined(asked))) {
    const old = has[key as keyof ClusterSettings];
    if (old !== value) {
      const flag = flagOf[key] ?? key;
      throw new CommandError(
        `the cluster in ${dataDir} has ${flag} ${old}, and that cannot be changed to ${value}: leave ${flag} out to go on with it, use another --data-dir for another cluster, or wipe this one first (${programName} delete --data-dir ${dataDir})`,
      );
    }
  }
  return has;
}

function defined<T extends object>(values: T): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
