import type { Scope } from "../../apimachinery/resource/resource.ts";
import type { Client, ResourceIdentity } from "../../client/mod.ts";

/** A resource as the server presents it. */
export interface DiscoveredResource extends ResourceIdentity {
  readonly verbs: ReadonlySet<string>;
}

export interface Discovery {
  /** Each resource once, in its group's preferred version, or the first that has it (ServerPreferredResources). */
  readonly preferred: readonly DiscoveredResource[];
  /** By `apiVersion/kind`, all versions: what an owner reference names. */
  readonly kinds: ReadonlyMap<string, DiscoveredResource>;
  /** Group versions whose resources could not be read, and why. */
  readonly failures: ReadonlyMap<string, unknown>;
}

interface GroupList {
  readonly groups: readonly {
    readonly name: string;
    readonly versions: readonly { readonly version: string }[];
    readonly preferredVersion?: { readonly version: string };
  }[];
}

interface ResourceList {
  readonly resources: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
  }[];
}

interface GroupVersion {
  readonly group: string;
  readonly version: string;
}

export function kindKey(apiVersion: string, kind: string): string {
  return `${apiVersion}/${kind}`;
}

/** Asks the server what it serves. A group that fails is noted and left out; rejects where not even the groups are told. */
export async function discover(client: Client, signal: AbortSignal): Promise<Discovery> {
  const { groups } = (await client.get("/apis", { signal })) as GroupList;
  const versions: GroupVersion[] = [{ group: "", version: "v1" }];
  for (const { name, versions: all, preferredVersion } of groups) {
    const rest = all.map(({ version }) => version).filter((version) => version !== preferredVersion?.version);
    const ordered = preferredVersion === undefined ? rest : [preferredVersion.version, ...rest];
    versions.push(...ordered.map((version) => ({ group: name, version })));
  }
  const failures = new Map<string, unknown>();
  const lists = await Promise.all(
    versions.map(async ({ group, version }) => {
      try {
        return await resourcesOf(client, { group, version }, signal);
      } catch (error) {
        signal.throwIfAborted();
        failures.set(group === "" ? version : `${group}/${version}`, error);
        return [];
      }
    }),
  );
  const preferred = new Map<string, DiscoveredResource>();
  const kinds = new Map<string, DiscoveredResource>();
  for (const resource of lists.flat()) {
    const { group, version, plural, kind } = resource;
    const name = `${group}/${plural}`;
    if (!preferred.has(name)) preferred.set(name, resource);
    const key = kindKey(group === "" ? version : `${group}/${version}`, kind);
    if (!kinds.has(key)) kinds.set(key, resource);
  }
  return { preferred: [...preferred.values()], kinds, failures };
}

async function resourcesOf(
  client: Client,
  { group, version }: GroupVersion,
  signal: AbortSignal,
): Promise<DiscoveredResource[]> {
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const { resources } = (await client.get(path, { signal })) as ResourceList;
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, kind, namespaced, verbs }) => {
      const scope: Scope = namespaced ? "Namespaced" : "Cluster";
      return { group, version, kind, plural: name, scope, verbs: new Set(verbs) };
    });
}

/** discovery.ErrGroupDiscoveryFailed's text, with its count of groups in front. */
export function discoveryFailureText(failures: ReadonlyMap<string, unknown>): string {
  const texts = [...failures]
    .map(([name, error]) => `${name}: ${error instanceof Error ? error.message : String(error)}`)
    .sort();
  return `Discovery failed for some groups, ${failures.size} failing: unable to retrieve the complete list of server APIs: ${texts.join(", ")}`;
}
