import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft, ObjectMeta } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import {
  type Storage,
  StorageUnavailableError,
  TooLargeError,
  UnknownOutcomeError,
  type WriteResult,
} from "../../storage/storage.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";
import {
  type ServedObject,
  type StoredEncoding,
  servedAs,
  servedAtRevision,
  servedFromEntry,
  servedFromStore,
  servedFromValue,
} from "../cache/served-object.ts";
import type { WatchCache } from "../cache/watch-cache.ts";
import type { WriteContext } from "./write-context.ts";

export interface StoreDependencies {
  readonly storage: Storage;
  readonly cache: WatchCache;
  readonly clock: Clock;
  readonly random: Random;
}

/** Done, with the object as it is served now; or somebody was faster, and this is what is there. */
export type CommitOutcome = { readonly served: ServedObject } | { readonly current: ServedObject | undefined };

/** The last step of every write of one resource: a compare-and-put of the encoded object, or what a dry run shows in its place. */
export class Committer {
  readonly #definition: ResourceDefinition;
  readonly #deps: StoreDependencies;
  readonly #cache: ResourceCache;

  constructor(definition: ResourceDefinition, deps: StoreDependencies) {
    this.#definition = definition;
    this.#deps = deps;
    this.#cache = deps.cache.of(definition.storagePath);
  }

  /** `expectedRevision` 0: there must be none. The draft becomes the store's, frozen. */
  async put(
    key: string,
    draft: Draft<ApiObject>,
    expectedRevision: number,
    context: Pick<WriteContext, "dryRun"> & Partial<Pick<WriteContext, "ownFields">>,
  ): Promise<CommitOutcome> {
    delete (draft.metadata as Draft<ObjectMeta>).resourceVersion;
    const { storedAs, ttlSeconds } = this.#definition;
    if (context.dryRun) {
      return this.#pretend(key, draft, expectedRevision);
    }
    const stored =
      storedAs?.awaited === undefined ? (storedAs?.toStored(draft) ?? draft) : await storedAs.awaited.toStored(draft);
    const options = ttlSeconds === undefined ? { expectedRevision } : { expectedRevision, ttlSeconds };
    const write = async (object: ApiObject): Promise<readonly [StoredEncoding, WriteResult]> => {
      const encoded = encodeObject(object);
      this.#deps.cache.announce(object, encoded);
      return [encoded, await guardedWrite(() => this.#deps.storage.put(key, encoded.bytes, options))];
    };
    const [encoded, result] = await write(stored).catch((error: unknown) => {
      // Who owns which fields is given up before the write is; who applies, applies with that (handlers/create.go).
      const small = isTooLarge(error) && context.ownFields !== undefined ? withoutManagers(stored) : undefined;
      if (small === undefined) throw error;
      return write(small);
    });
    if (!result.ok) {
      return { current: result.current && servedFromEntry(result.current) };
    }
    const cached = this.#cache.get(key);
    const written = cached?.revision === result.revision ? cached : servedFromStore(encoded.bytes, result.revision);
    if (storedAs?.awaited !== undefined) {
      await storedAs.awaited.before([written.object]);
    }
    return { served: servedAs(written, this.#definition) };
  }

  /** What a put would have answered. */
  #pretend(key: string, draft: Draft<ApiObject>, expectedRevision: number): CommitOutcome {
    const current = this.#cache.get(key);
    if ((current?.revision ?? 0) !== expectedRevision) {
      return { current };
    }
    if (current !== undefined) {
      (draft.metadata as Draft<ObjectMeta>).resourceVersion = String(current.revision);
    }
    return { served: servedFromValue(draft) };
  }

  async remove(key: string, current: ServedObject, context: Pick<WriteContext, "dryRun">): Promise<CommitOutcome> {
    if (context.dryRun) {
      return { served: servedAs(current, this.#definition) };
    }
    const result = await guardedWrite(() => this.#deps.storage.delete(key, { expectedRevision: current.revision }));
    if (!result.ok) {
      return { current: result.current && servedFromEntry(result.current) };
    }
    // What was shown already needs no other way to its version.
    return { served: servedAtRevision(servedAs(current, this.#definition), result.revision) };
  }
}

/** Removes what cannot be read, whatever it is; false where somebody has written it since. */
export async function removeUnread(storage: Storage, key: string, revision: number): Promise<boolean> {
  const result = await guardedWrite(() => storage.delete(key, { expectedRevision: revision }));
  return result.ok || result.current === undefined;
}

/** A store that cannot take the write just now is told as such: nothing was lost, trying again may succeed. */
export async function guardedWrite<R>(write: () => Promise<R>): Promise<R> {
  try {
    return await write();
  } catch (error) {
    if (error instanceof StorageUnavailableError) {
      throw ApiError.serviceUnavailable(`the store cannot take the write: ${error.message}`);
    }
    if (error instanceof UnknownOutcomeError) {
      throw ApiError.timeout(`the store did not answer, the write may still happen: ${error.message}`);
    }
    // Upstream answers with etcd's words and no reason (handlers/responsewriters/status.go).
    if (error instanceof TooLargeError) throw ApiError.from(error);
    throw error;
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof ApiError && error.cause instanceof TooLargeError;
}

function withoutManagers(object: ApiObject): ApiObject | undefined {
  const { managedFields, ...metadata } = object.metadata;
  return managedFields === undefined ? undefined : { ...object, metadata };
}
