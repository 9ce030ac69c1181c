import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";

/** What is served now; asked for again at each use, for custom resources come and go. */
export type ServedResources = () => readonly ResourceDefinition[];

/**
 * The same resource in its other groups and versions: what is stored at one place is equivalent
 * (apimachinery/pkg/runtime EquivalentResourceMapper, with the server's storage prefixes as identity). In the order in which
 * they are served.
 */
export function equivalentsOf(served: ServedResources, definition: ResourceDefinition): readonly ResourceDefinition[] {
  const found: ResourceDefinition[] = [];
  for (const one of served()) {
    if (one.storagePath === definition.storagePath && one !== definition) found.push(one);
  }
  return found;
}
