import type { APIService } from "../../api/apiregistration/v1/api-service.ts";
import { compareVersions, groupVersionOf, sortedByGroupAndVersion } from "./api-services.ts";

// Discovery of this server and of all services together (kube-aggregator handler_apis.go, handler_discovery.go). Pure.

export interface GroupEntry {
  readonly name: string;
  readonly versions: readonly { readonly groupVersion: string; readonly version: string }[];
  readonly preferredVersion?: { readonly groupVersion: string; readonly version: string };
}

/** A group of APIGroupList, from its APIServices in their order. */
export function groupEntry(services: readonly APIService[]): GroupEntry {
  const versions = services.map((service) => {
    const { group, version } = groupVersionOf(service);
    return { groupVersion: `${group}/${version}`, version };
  });
  return { name: groupVersionOf(services[0]!).group, versions, preferredVersion: versions[0]! };
}

const registrationGroup = "apiregistration.k8s.io";

/** `/apis`: groups by their APIServices; those that this server answers for and nobody has registered yet come last. */
export function mergedGroups(local: readonly GroupEntry[], services: Iterable<APIService>): readonly GroupEntry[] {
  const groups = sortedByGroupAndVersion(services)
    .map(groupEntry)
    .filter(({ name }) => name !== "");
  const registered = new Set(groups.map(({ name }) => name));
  const others = local.filter(({ name }) => !registered.has(name));
  const first = others.filter(({ name }) => name === registrationGroup);
  return [...first, ...groups, ...others.filter(({ name }) => name !== registrationGroup)];
}

export interface VersionDiscovery {
  readonly version: string;
  readonly resources?: readonly unknown[];
  readonly freshness?: "Current" | "Stale";
}

export interface GroupDiscovery {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly VersionDiscovery[];
}

export interface RemoteVersion {
  readonly group: string;
  readonly entry: VersionDiscovery;
}

/** The aggregated document's items: local and remote versions, ordered by priority. */
export function mergedDiscovery(
  local: readonly GroupDiscovery[],
  remote: readonly RemoteVersion[],
  services: Iterable<APIService>,
): readonly GroupDiscovery[] {
  const priorities = new Map<string, { readonly group: number; readonly version: number }>();
  for (const service of services) {
    const { group, version } = groupVersionOf(service);
    const { groupPriorityMinimum, versionPriority } = service.spec;
    priorities.set(`${group}/${version}`, { group: groupPriorityMinimum, version: versionPriority });
  }
  const groups = new Map<string, VersionDiscovery[]>();
  for (const { metadata, versions } of local) groups.set(metadata.name ?? "", [...versions]);
  for (const { group, entry } of remote) {
    const versions = groups.get(group) ?? [];
    groups.set(group, [...versions.filter(({ version }) => version !== entry.version), entry]);
  }
  const versionRank = (group: string, version: string): number => priorities.get(`${group}/${version}`)?.version ?? 0;
  const groupRank = (group: string, versions: readonly VersionDiscovery[]): number =>
    group === registrationGroup
      ? Number.POSITIVE_INFINITY
      : Math.max(...versions.map(({ version }) => priorities.get(`${group}/${version}`)?.group ?? 0));
  return [...groups]
    .map(([name, versions]) => ({ name, versions, rank: groupRank(name, versions) }))
    .sort((a, b) => (a.rank === b.rank ? (a.name < b.name ? -1 : 1) : b.rank - a.rank))
    .map(({ name, versions }) => ({
      metadata: name === "" ? {} : { name },
      versions: versions.sort(
        (a, b) => versionRank(name, b.version) - versionRank(name, a.version) || compareVersions(b.version, a.version),
      ),
    }));
}

interface LegacyResource {
  readonly name: string;
  readonly singularName?: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly group?: string;
  readonly version?: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** APIResourceList's resources in the aggregated form (endpoints.ConvertGroupVersionIntoToDiscovery). */
export function resourcesOfList(list: readonly LegacyResource[]): readonly object[] {
  const found = new Map<string, { subresources: object[] } & Record<string, unknown>>();
  const kindOf = ({ group = "", version = "", kind }: LegacyResource): object => ({ group, version, kind });
  for (const one of list) {
    if (one.name.includes("/")) continue;
    found.set(one.name, {
      resource: one.name,
      responseKind: kindOf(one),
      scope: one.namespaced ? "Namespaced" : "Cluster",
      singularResource: one.singularName ?? "",
      verbs: one.verbs,
      ...(one.shortNames === undefined ? {} : { shortNames: one.shortNames }),
      ...(one.categories === undefined ? {} : { categories: one.categories }),
      subresources: [],
    });
  }
  for (const one of list) {
    const [parent = "", subresource] = one.name.split("/");
    if (subresource === undefined) continue;
    let entry = found.get(parent);
    if (entry === undefined) {
      const scope = one.namespaced ? "Namespaced" : "Cluster";
      entry = { resource: parent, responseKind: null, scope, singularResource: "", verbs: [], subresources: [] };
      found.set(parent, entry);
    }
    entry.subresources.push({ subresource, responseKind: kindOf(one), verbs: one.verbs });
  }
  return [...found.values()].map(({ subresources, ...rest }) =>
    subresources.length === 0 ? rest : { ...rest, subresources },
  );
}
