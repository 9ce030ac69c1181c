import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { registryPrefix } from "../cache/watch-cache.ts";
import type { GroupResource } from "./group-resource.ts";

/**
 * Which resource's object lies under a key of the store: a built-in one's under its `storagePath`, a custom one's under
 * `/registry/GROUP/PLURAL/`.
 */
export function resourceOfKey(definitions: readonly ResourceDefinition[]): (key: string) => GroupResource | undefined {
  const byPath = new Map<string, GroupResource>();
  for (const { storagePath, group, plural, storedAs } of definitions) {
    // Served in several groups, stored in one: that one's name counts.
    if (storedAs === undefined || !byPath.has(storagePath)) byPath.set(storagePath, { group, resource: plural });
  }
  return (key) => {
    if (!key.startsWith(registryPrefix)) return undefined;
    const [first = "", second = ""] = key.slice(registryPrefix.length).split("/", 2);
    const builtIn = byPath.get(first) ?? byPath.get(`${first}/${second}`);
    return builtIn ?? (first.includes(".") ? { group: first, resource: second } : undefined);
  };
}
