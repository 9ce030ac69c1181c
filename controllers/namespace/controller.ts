import { Namespace } from "../../api/core/v1/namespace.ts";
import { isMethodNotSupported, isNotFound } from "../../apimachinery/errors/api-error.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { Client } from "../../client/mod.ts";
import { type Entry, entryOf } from "../inventory/entry.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { type Controller, defineController, type Watched } from "../runner/controller.ts";
import { plan, summarize } from "./plan.ts";

/**
 * How long a namespace is kept after its end began, for creates that were under way. Upstream takes 5 s for the sake of many
 * API servers with slow caches.
 */
export const defaultSettleMs = 200;
/** Namespaces whose end is remembered. */
const maxEnding = 10_000;

export interface NamespaceControllerOptions {
  readonly inventory: Inventory;
  readonly settleMs?: number;
}

/** Empties namespaces that are being deleted, then lets them go. */
export function namespaceController({ inventory, settleMs = defaultSettleMs }: NamespaceControllerOptions): Controller {
  /** When the end of a namespace was first seen, by uid. */
  const seen = new LruMap<string, number>(maxEnding);
  return defineController({
    name: "namespace-controller",
    serviceAccount: "namespace-controller",
    queue: "namespace",
    primary: Namespace,
    also: [contentChanges(inventory)],
    workers: 10,
    async observe(namespace: Namespace, _cache, now, { client, signal }) {
      const { name = "", uid = "", deletionTimestamp } = namespace.metadata;
      const since = seen.get(uid) ?? now;
      if (deletionTimestamp !== undefined) seen.set(uid, since);
      const known = [...inventory.graph.contentOf(name)];
      const looks = deletionTimestamp !== undefined && known.length === 0 && now >= since + settleMs;
      const content = looks ? await lookUp(inventory, name, client, signal) : known;
      return { namespace, content, looked: looks, discovery: inventory.discovery, settledAtMs: since + settleMs, now };
    },
    plan,
    summarize,
  });
}

/** Tells of each change in a namespace that is being deleted. */
function contentChanges(inventory: Inventory): Watched {
  const ending = new Set<string>();
  const isNamespace = ({ resource: { group, plural } }: Entry): boolean => group === "" && plural === "namespaces";
  return {
    synced: (signal) => inventory.synced(signal),
    subscribe(enqueue) {
      const stack = new DisposableStack();
      const concerns = ({ namespace }: Entry): void => {
        // Looking costs as much as there is to look at: a large namespace is not looked at anew for each object that goes.
        if (ending.has(namespace)) enqueue(namespace, Math.min(1_000, inventory.graph.contentOf(namespace).size / 10));
      };
      const listener = {
        changed(entry: Entry): void {
          if (!isNamespace(entry)) concerns(entry);
          else if (entry.deletionTimestamp !== undefined) {
            ending.add(entry.name);
            enqueue(entry.name);
          }
        },
        removed(entry: Entry): void {
          if (isNamespace(entry)) ending.delete(entry.name);
          else concerns(entry);
        },
      };
      stack.use(inventory.listen(listener));
      stack.use(
        inventory.onDiscovery(() => {
          for (const name of ending) enqueue(name);
        }),
      );
      return stack;
    },
  };
}

/** What the server itself says is left: everything that can be listed and deleted, watched or not. */
async function lookUp(inventory: Inventory, namespace: string, client: Client, signal: AbortSignal): Promise<Entry[]> {
  const resources = inventory.discovery.preferred.filter(
    ({ scope, verbs }) => scope === "Namespaced" && verbs.has("delete") && verbs.has("list"),
  );
  const lists = await Promise.all(
    resources.map(async (resource) => {
      try {
        const { items } = await client.resource(resource, namespace).listAll({ signal });
        return items.map((item) => entryOf(resource, item));
      } catch (error) {
        // Discovery may be a moment behind.
        if (isNotFound(error) || isMethodNotSupported(error)) return [];
        throw error;
      }
    }),
  );
  return lists.flat();
}
