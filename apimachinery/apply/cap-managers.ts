import { compareText } from "../text/go-quote.ts";
import { unionOf } from "./field-set.ts";
import { type Managers, managerId, unixSeconds } from "./managers.ts";

/** Entries of updates that an object keeps apart; beyond that the oldest are merged (internal/fieldmanager.go). */
export const maxUpdateManagers = 10;
const bucketName = "ancient-changes";

/**
 * Merges the oldest update managers into one for each version until there are no more than the maximum
 * (managedfields/internal/capmanagers.go). Appliers do not count.
 */
export function capUpdateManagers(managers: Managers): Managers {
  let count = 0;
  for (const { operation } of managers.values()) if (operation === "Update") count++;
  if (count <= maxUpdateManagers) return managers;
  const capped: Managers = new Map(managers);
  const oldestFirst = [...managers]
    .filter(([, { operation }]) => operation === "Update")
    .sort(([a, x], [b, y]) => unixSeconds(x.time) - unixSeconds(y.time) || compareText(a, b));
  const firstOfVersion = new Map<string, string>();
  for (const [id, manager] of oldestFirst) {
    if (count <= maxUpdateManagers) break;
    const { apiVersion } = manager;
    const first = firstOfVersion.get(apiVersion);
    if (first === undefined) {
      firstOfVersion.set(apiVersion, id);
      continue;
    }
    const identity = { name: bucketName, operation: "Update", apiVersion, subresource: "" } as const;
    const bucket = managerId(identity);
    if (id === bucket) continue;
    const merged = capped.get(bucket) ?? capped.get(first)!;
    if (!capped.has(bucket)) capped.delete(first);
    // The bucket's time is that of the youngest in it.
    capped.delete(id);
    capped.set(bucket, { ...identity, time: manager.time, fields: unionOf(manager.fields, merged.fields) });
    count--;
  }
  return capped;
}
