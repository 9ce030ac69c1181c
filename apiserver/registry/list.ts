import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { CompactedError, FutureRevisionError, type Storage } from "../../storage/storage.ts";
import type { CachedEntry } from "../cache/resource-cache.ts";
import { type ServedObject, servedAs, servedFromEntry } from "../cache/served-object.ts";
import type { WatchCache } from "../cache/watch-cache.ts";
import type { ListResponse } from "../response.ts";
import { decodeContinue, encodeContinue } from "./continue-token.ts";
import type { ListOptions } from "./options.ts";
import type { ResourceStore } from "./resource-store.ts";
import { parseResourceVersion, waitForRevision } from "./resource-version.ts";
import { mayMatch, type Selection, selectionOf } from "./selection.ts";

export interface ListSource {
  readonly store: ResourceStore;
  readonly cache: WatchCache;
  readonly storage: Storage;
}

/** Which state of the store a list shows. */
interface Snapshot {
  /** What `metadata.resourceVersion` says. */
  readonly revision: number;
  /** Entries of the prefix from `start` on, in order. */
  readonly entries: readonly CachedEntry[];
  /** How many keys the prefix has from `start` on. */
  readonly count: number;
}

/**
 * Lists by all the rules of resourceVersion, resourceVersionMatch, limit and continue
 * (kubernetes.io/docs/reference/using-api/api-concepts, "The resourceVersion parameter"). The latest state and whatever the
 * resource has not changed since come from memory; older states from the store's history.
 */
export async function listObjects(
  source: ListSource,
  namespace: string,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListResponse> {
  const { store } = source;
  const selection = selectionOf(store.definition, options.labelSelector, options.fieldSelector);
  const prefix = namespace === "" ? store.prefix : `${store.prefix}${namespace}/`;
  const token = options.continueToken === "" ? undefined : decodeContinue(options.continueToken);
  if (token !== undefined && options.resourceVersion !== "" && options.resourceVersion !== "0") {
    throw ApiError.badRequest("specifying resource version is not allowed when using continue");
  }
  const start = token === undefined ? prefix : prefix + token.start;
  // Any state will do: the whole of what memory has is the cheapest, whatever the limit (Cacher.GetList).
  const limit = options.resourceVersion === "0" && token === undefined ? 0 : options.limit;
  if (store.cache.hasUnreadable) await readAgain(source, prefix, selection);
  const snapshot = await snapshotOf(source, prefix, start, token?.revision, options, signal);
  if (store.definition.storedAs?.awaited !== undefined) {
    const shown = selection.everything && limit > 0 ? limit : snapshot.entries.length;
    await store.ready(snapshot.entries.slice(0, shown).map(({ value }) => value));
  }
  return page(store.definition, prefix, snapshot, selection, limit);
}

/** Before many are shown: what could not be read until now may be readable by now. */
export async function readAgain({ cache, store }: ListSource, prefix: string, selection: Selection): Promise<void> {
  const keys = store.cache.unreadable(prefix).filter((key) => mayMatch(selection, key));
  if (keys.length > 0) await cache.readAgain(store.cache, keys);
}

async function snapshotOf(
  source: ListSource,
  prefix: string,
  start: string,
  continued: number | undefined,
  options: ListOptions,
  signal: AbortSignal,
): Promise<Snapshot> {
  const { cache, store } = source;
  if (continued !== undefined && continued > 0) {
    return historic(source, prefix, start, continued, true);
  }
  const wanted = parseResourceVersion(options.resourceVersion);
  // A page of a stated revision means just that one, where nothing else is said: an older rule that clients rely on.
  const exact = options.resourceVersionMatch === "Exact" || (options.resourceVersionMatch === "" && options.limit > 0);
  if (exact && wanted > 0) {
    await waitForRevision(cache, wanted, signal);
    return historic(source, prefix, start, wanted, false);
  }
  if (options.resourceVersion === "" || continued !== undefined) {
    await cache.waitUntilFresh(signal);
  } else {
    await waitForRevision(cache, wanted, signal);
  }
  return current(store, prefix, start, cache.revision);
}

function current(store: ResourceStore, prefix: string, start: string, revision: number): Snapshot {
  return { revision, entries: store.cache.range(prefix, start), count: store.cache.count(prefix, start) };
}

/** The state at a revision: memory's, where this resource has not changed since, else the store's. */
async function historic(
  source: ListSource,
  prefix: string,
  start: string,
  revision: number,
  continued: boolean,
): Promise<Snapshot> {
  const { store, storage, cache } = source;
  const isCurrent = store.cache.lastChange <= revision && revision <= cache.revision;
  try {
    if (isCurrent) {
      // What the store has forgotten is expired though nothing has changed since: clients count on its coming to that.
      if (revision < cache.revision) await storage.range(start, `${start}\0`, { revision, limit: 1 });
      return current(store, prefix, start, revision);
    }
    const { entries } = await storage.range(start, `${prefix.slice(0, -1)}0`, { revision });
    const served = entries.map((entry) => {
      const cached = store.cache.get(entry.key);
      // What has not changed since need not be read again.
      const known = cached?.revision === entry.modRevision && cached.unreadable === undefined;
      return { key: entry.key, value: known ? cached : servedFromEntry(entry) };
    });
    return { revision, entries: served, count: served.length };
  } catch (error) {
    if (error instanceof CompactedError) {
      throw continued
        ? expiredContinue(prefix, start)
        : ApiError.expired(`The resourceVersion for the provided list is too old.`);
    }
    if (error instanceof FutureRevisionError) {
      throw ApiError.expired("The resourceVersion for the provided list is too new.");
    }
    throw error;
  }
}

/** Tells where an expired list may go on if the client accepts that its pages do not agree (etcd3 handleCompactedErrorForPaging). */
function expiredContinue(prefix: string, start: string): ApiError {
  const { status } = ApiError.expired(
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without " +
      "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. " +
      "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted " +
      "between the time the first chunk was returned and now may show up in the list.",
  );
  return ApiError.fromStatus({
    ...status,
    metadata: { continue: encodeContinue({ revision: -1, start: start.slice(prefix.length) }) },
  });
}

function page(
  definition: ResourceDefinition,
  prefix: string,
  snapshot: Snapshot,
  selection: Selection,
  limit: number,
): ListResponse {
  const items: ServedObject[] = [];
  const base = { type: "list", definition, items, resourceVersion: String(snapshot.revision) } as const;
  for (const { key, value: stored } of snapshot.entries) {
    if (limit > 0 && items.length === limit) {
      const continueToken = encodeContinue({ revision: snapshot.revision, start: key.slice(prefix.length) });
      const remaining = selection.everything ? { remainingItemCount: snapshot.count - items.length } : {};
      return { ...base, continueToken, ...remaining };
    }
    if (stored.unreadable !== undefined) {
      if (mayMatch(selection, key)) throw stored.unreadable.listError;
      continue;
    }
    const served = servedAs(stored, definition);
    if (selection.everything || selection.matches(served.object)) {
      items.push(served);
    }
  }
  return base;
}
