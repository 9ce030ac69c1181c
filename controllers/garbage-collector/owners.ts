import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { OwnerReference } from "../../apimachinery/resource/object.ts";
import { LruMap } from "../../base/lru-map.ts";
import type { Client } from "../../client/mod.ts";
import { kindKey } from "../inventory/discovery.ts";
import { describes, type Entry } from "../inventory/entry.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { foregroundFinalizer, isDeletingDependents, type Observed, type OwnerState } from "./plan.ts";

/** Owners known to be gone: many dependents ask for the same one (garbagecollector.ReferenceCache of 500). */
const maxAbsentOwners = 500;

export type OwnersOutcome =
  | { readonly type: "known"; readonly owners: Observed["owners"]; readonly unseen: boolean }
  /** The reference is to a kind that the server does not serve (now). */
  | { readonly type: "unknownKind"; readonly reference: OwnerReference }
  /** An object of the cluster refers to one of a namespace: which one cannot be said, so nothing is done about it. */
  | { readonly type: "impossible"; readonly reference: OwnerReference };

/**
 * Finds out what became of owners. What the inventory has and the reference describes rightly is believed; anything else is
 * looked up at the server, by the reference's own words in the dependent's namespace, before it counts as absent.
 */
export class Owners {
  readonly #inventory: Inventory;
  readonly #client: Client;
  readonly #absent = new LruMap<string, true>(maxAbsentOwners);

  constructor(inventory: Inventory, client: Client) {
    this.#inventory = inventory;
    this.#client = client;
  }

  /** `unseen`: some owner is there by the server's word, but the inventory has not seen it: nothing will tell of its end. */
  async of(item: Entry, signal: AbortSignal): Promise<OwnersOutcome> {
    const owners: Observed["owners"][number][] = [];
    let unseen = false;
    for (const reference of item.owners) {
      const known = this.#inventory.graph.get(reference.uid);
      if (known !== undefined && describes(reference, item, known)) {
        owners.push({ reference, state: isDeletingDependents(known) ? "waiting" : "solid" });
        continue;
      }
      const state = await this.#lookUp(reference, item, signal);
      if (typeof state !== "string") return state;
      if (state !== "absent" && known === undefined) unseen = true;
      owners.push({ reference, state });
    }
    return { type: "known", owners, unseen };
  }

  async #lookUp(
    reference: OwnerReference,
    item: Entry,
    signal: AbortSignal,
  ): Promise<OwnerState | Exclude<OwnersOutcome, { type: "known" }>> {
    const { apiVersion, kind, name, uid } = reference;
    const resource = this.#inventory.discovery.kinds.get(kindKey(apiVersion, kind));
    if (resource === undefined) return { type: "unknownKind", reference };
    const namespaced = resource.scope === "Namespaced";
    if (namespaced && item.namespace === "") return { type: "impossible", reference };
    const namespace = namespaced ? item.namespace : undefined;
    const key = JSON.stringify([apiVersion, kind, namespace, name, uid]);
    if (this.#absent.get(key)) return "absent";
    try {
      const { metadata } = await this.#client.resource(resource, namespace).get(name, { signal });
      if (metadata.uid === uid) {
        const waits = metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(foregroundFinalizer);
        return waits ? "waiting" : "solid";
      }
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#absent.set(key, true);
    return "absent";
  }
}
