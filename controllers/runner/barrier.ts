import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { abortable } from "../../base/cancellation.ts";
import { compareResourceVersions, type Informer } from "../../client/mod.ts";

type Awaited = { readonly informer: Informer<ApiObject> } & (
  | { readonly resourceVersion: string }
  | { readonly goneKey: string; readonly goneUid: string }
);

/**
 * Reads of a controller see its writes.
 *
 * Guarantee: after `settled(key)`, the caches hold everything that was written for this key before the call: a created or
 * changed object at least at the version that the server answered with, a removed one no more. So no decision about a key is
 * made on a cache that is older than the last decision's own effects, and nothing is done twice.
 */
export class WriteBarrier {
  readonly #awaited = new Map<string, Awaited[]>();
  readonly #gone = new Map<string, PromiseWithResolvers<void>>();

  /** The server answered a write with `result`: an object of the resource that `informer` follows. */
  wrote(key: string, informer: Informer<ApiObject>, result: ApiObject): void {
    const { resourceVersion = "" } = result.metadata;
    if (compareResourceVersions(informer.resourceVersion, resourceVersion) < 0) {
      this.#add(key, { informer, resourceVersion });
    }
  }

  /** The server has removed this object. */
  removed(key: string, informer: Informer<ApiObject>, object: { readonly key: string; readonly uid: string }): void {
    if (isThere(informer, object.key, object.uid)) {
      this.#add(key, { informer, goneKey: object.key, goneUid: object.uid });
    }
  }

  /** To be told of every deletion that an informer sees. */
  sawDeletion(object: ApiObject): void {
    const uid = object.metadata.uid ?? "";
    this.#gone.get(uid)?.resolve();
    this.#gone.delete(uid);
  }

  /** Undefined where there is nothing to wait for. Rejects with the signal's reason. */
  settled(key: string, signal: AbortSignal): Promise<void> | undefined {
    const awaited = this.#awaited.get(key);
    if (awaited === undefined) return undefined;
    this.#awaited.delete(key);
    return this.#all(awaited, signal);
  }

  async #all(awaited: readonly Awaited[], signal: AbortSignal): Promise<void> {
    for (const one of awaited) {
      if ("resourceVersion" in one) await one.informer.reached(one.resourceVersion, signal);
      else if (isThere(one.informer, one.goneKey, one.goneUid)) await this.#goneOf(one.goneUid, signal);
    }
  }

  #goneOf(uid: string, signal: AbortSignal): Promise<void> {
    const gone = this.#gone.get(uid) ?? Promise.withResolvers<void>();
    this.#gone.set(uid, gone);
    return abortable(gone.promise, signal);
  }

  #add(key: string, awaited: Awaited): void {
    const list = this.#awaited.get(key);
    if (list === undefined) this.#awaited.set(key, [awaited]);
    else list.push(awaited);
  }
}

function isThere(informer: Informer<ApiObject>, key: string, uid: string): boolean {
  const object = informer.cache.get(key);
  return object?.metadata.uid === uid;
}

/** For results of deletions: an object that stays for a while has a time of deletion. */
export function isMarked(result: unknown): result is ApiObject {
  return (result as Partial<ApiObject> | undefined)?.metadata?.deletionTimestamp !== undefined;
}
