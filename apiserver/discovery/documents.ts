import type { ServedGroup, ServedResource } from "./served.ts";

const groupVersion = (group: string, version: string): string => (group === "" ? version : `${group}/${version}`);

/** GET /api (metav1.APIVersions). */
export function apiVersions(serverAddress: string): object {
  const serverAddressByClientCIDRs = [{ clientCIDR: "0.0.0.0/0", serverAddress }];
  return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs };
}

function groupFields({ name, versions }: ServedGroup): object {
  const all = versions.map(({ version }) => ({ groupVersion: groupVersion(name, version), version }));
  return { name, versions: all, preferredVersion: all[0] };
}

/** GET /apis (metav1.APIGroupList). The core group is not part of it. */
export function apiGroupList(groups: readonly ServedGroup[]): object {
  return { kind: "APIGroupList", apiVersion: "v1", groups: groups.filter(({ name }) => name !== "").map(groupFields) };
}

/** GET /apis/GROUP (metav1.APIGroup). */
export function apiGroup(group: ServedGroup): object {
  return { kind: "APIGroup", apiVersion: "v1", ...groupFields(group) };
}

/** GET /api/v1 and /apis/GROUP/VERSION (metav1.APIResourceList). */
export function apiResourceList(group: string, version: string, resources: readonly ServedResource[]): object {
  const list = resources.flatMap((resource) => [resourceEntry(resource), ...subresourceEntries(resource)]);
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: groupVersion(group, version), resources: list };
}

function resourceEntry(resource: ServedResource): object {
  return {
    name: resource.plural,
    singularName: resource.singular,
    namespaced: resource.namespaced,
    kind: resource.kind,
    verbs: resource.verbs,
    ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined ? {} : { categories: resource.categories }),
    ...(resource.storageVersionHash === undefined ? {} : { storageVersionHash: resource.storageVersionHash }),
  };
}

function subresourceEntries(resource: ServedResource): object[] {
  return (resource.subresources ?? []).map(({ name, kind, verbs, group, version }) => ({
    name: `${resource.plural}/${name}`,
    singularName: "",
    namespaced: resource.namespaced,
    ...(group === undefined ? {} : { group }),
    ...(version === undefined ? {} : { version }),
    kind,
    verbs,
  }));
}

/** The whole of /api or /apis in one document (apidiscovery.k8s.io, KEP-3352). */
export function aggregatedDiscovery(groups: readonly ServedGroup[], version: string): object {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(aggregatedGroup),
  };
}

function aggregatedGroup({ name, versions }: ServedGroup): object {
  return {
    metadata: name === "" ? {} : { name },
    versions: versions.map(({ version, resources }) => ({
      version,
      resources: resources.map(aggregatedResource),
      freshness: "Current",
    })),
  };
}

function aggregatedResource(resource: ServedResource): object {
  // Upstream leaves the group and version of what it serves itself empty.
  const own = resource.custom === true ? resource : { group: "", version: "" };
  const subresources = (resource.subresources ?? []).map(
    ({ name, kind, verbs, group = own.group, version = own.version }) => ({
      subresource: name,
      responseKind: { group, version, kind },
      verbs,
    }),
  );
  return {
    resource: resource.plural,
    responseKind: { group: own.group, version: own.version, kind: resource.kind },
    scope: resource.namespaced ? "Namespaced" : "Cluster",
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames === undefined ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories === undefined ? {} : { categories: resource.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}
