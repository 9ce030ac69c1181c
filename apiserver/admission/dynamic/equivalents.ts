import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

/** What is served now; asked for again at each use, for custom resources come and go. */
export type ServedResources = () => readonly ResourceDefinition[];

/**
 * The same resource in its other groups and versions: what is stored at one place is equivalent
 * (apimachinery/pkg/runtime EquivalentResourceMapper, with the server's storage prefixes as identity). In the order in which
 * they are served; for a subresource those that have it.
 */
export function equivalentsOf(
  served: ServedResources,
  definition: ResourceDefinition,
  subresource: string,
): readonly ResourceDefinition[] {
  const found: ResourceDefinition[] = [];
  for (const one of served()) {
    if (one.storagePath === definition.storagePath && one !== definition && has(one, subresource)) found.push(one);
  }
  return found;
}

/** Versions of a resource differ in no other subresources than these. */
function has({ subresources }: ResourceDefinition, subresource: string): boolean {
  return (subresource !== "status" && subresource !== "scale") || subresources[subresource] !== undefined;
}
