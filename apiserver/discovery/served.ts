import type { BuiltInResource, BuiltInSubresource } from "../../api/built-in-resource.ts";
import { builtInResources } from "../../api/generated/resources.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";

/** A resource as discovery shows it: what upstream publishes of it, cut down to what this server answers. */
export type ServedResource = BuiltInResource & {
  /** Defined by a user: the aggregated form names its group and version. */
  readonly custom?: true;
};

export interface ServedKinds {
  /** Stored resources, and reviews that are only created. */
  readonly definitions: readonly Pick<ResourceDefinition, "group" | "version" | "plural">[];
  /** True where `plural.group/name` is answered. */
  readonly hasSubresource: (definition: Pick<ResourceDefinition, "group" | "plural">, name: string) => boolean;
}

/** In upstream's order of groups, versions and resources. */
export function servedResources({ definitions, hasSubresource }: ServedKinds): readonly ServedResource[] {
  const served = new Set(definitions.map(({ group, version, plural }) => `${group}/${version}/${plural}`));
  return builtInResources
    .filter(({ group, version, plural }) => served.has(`${group}/${version}/${plural}`))
    .map((resource) => {
      const answered = (subresource: BuiltInSubresource): boolean => hasSubresource(resource, subresource.name);
      const { subresources = [], ...rest } = resource;
      return { ...rest, subresources: subresources.filter(answered) };
    });
}

/** Versions of a group, the preferred one first. */
export interface ServedGroup {
  readonly name: string;
  readonly versions: readonly { readonly version: string; readonly resources: readonly ServedResource[] }[];
}

export function servedGroups(resources: readonly ServedResource[]): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, ServedResource[]>>();
  for (const resource of resources) {
    const versions = groups.get(resource.group) ?? new Map<string, ServedResource[]>();
    groups.set(resource.group, versions);
    const list = versions.get(resource.version) ?? [];
    versions.set(resource.version, list);
    list.push(resource);
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions].map(([version, list]) => ({ version, resources: list })),
  }));
}
