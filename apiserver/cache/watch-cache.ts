import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { CompactedError, type Entry, type Storage, type StorageEvent } from "../../storage/storage.ts";
import { type CacheEvent, ResourceCache } from "./resource-cache.ts";
import {
  type ServedObject,
  type StoredEncoding,
  servedAtRevision,
  servedFromEntry,
  servedFromWrite,
} from "./served-object.ts";

export const registryPrefix = "/registry/";
const registryEnd = "/registry0";
/** How often what cannot be read is tried again; whoever asks for it does not wait for that. */
const readAgainMs = 10_000;
/** Reads under way at once then. */
const readAgainParallel = 32;

interface FreshnessWaiter {
  readonly revision: number;
  readonly resolve: () => void;
}

/**
 * The whole store in memory, fed by one watch: one revision for all resources, so a bookmark or a consistent read needs no
 * bookkeeping of its own. A write of this process is in the cache before its promise resolves (storage contract, 2).
 */
export class WatchCache {
  readonly #storage: Storage;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #caches = new Map<string, ResourceCache>();
  /** Objects on their way into the store, by the identity of their bytes: the event that comes back finds them decoded. */
  readonly #written = new WeakMap<Uint8Array, { readonly object: ApiObject; readonly encoded: StoredEncoding }>();
  readonly #stopped = new AbortController();
  #revision = 0;
  #waiters: FreshnessWaiter[] = [];
  #failed: ((error: Error) => void) | undefined;
  #readAgainTimer: Timer | undefined;

  /** The logger hears of each key that cannot be read, once. */
  constructor(storage: Storage, clock: Clock, logger?: Logger) {
    this.#storage = storage;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Everything up to here is in the cache. */
  get revision(): number {
    return this.#revision;
  }

  /** Reads the store, then follows it. `onFailed` is told once if the feed is lost for good. */
  async start(onFailed: (error: Error) => void): Promise<void> {
    this.#failed = onFailed;
    const { entries, revision } = await this.#storage.range(registryPrefix, registryEnd);
    this.#revision = revision;
    for (const entry of entries) {
      const cache = this.#cacheOfKey(entry.key);
      if (cache === undefined) continue;
      const served = servedFromEntry(entry);
      if (served.unreadable !== undefined) this.#noteUnreadable(cache, entry.key, served);
      cache.load(entry.key, served);
    }
    for (const cache of this.#caches.values()) {
      cache.loaded(revision);
    }
    this.#follow();
  }

  stop(): void {
    this.#stopped.abort();
    this.#readAgainTimer?.clear();
  }

  /**
   * Reads these once more, which could not be read: their key may be back. Stops at the first that still cannot be, as whoever
   * asks for all of them is answered with that one.
   */
  async readAgain(cache: ResourceCache, keys: readonly string[]): Promise<void> {
    const found = new Map<string, ServedObject>();
    for (const key of keys) {
      const served = await this.#readAgainOne(cache, key);
      if (served?.unreadable !== undefined) break;
      if (served !== undefined) found.set(key, served);
    }
    this.#recovered(cache, found);
  }

  /**
   * The cache of one resource; made when first asked for. Call for every resource before `start`, but for those whose path
   * begins with a group of the users' own: these may come at any time.
   */
  of(storagePath: string): ResourceCache {
    let cache = this.#caches.get(storagePath);
    if (cache === undefined) {
      cache = new ResourceCache(storagePath, this.#revision);
      this.#caches.set(storagePath, cache);
    }
    return cache;
  }

  /** Announces an object that is about to be written as these very bytes. */
  announce(object: ApiObject, encoded: StoredEncoding): void {
    this.#written.set(encoded.bytes, { object, encoded });
  }

  /** Resolves when the cache holds everything up to `revision`; rejects with the signal's reason. */
  async waitFor(revision: number, signal: AbortSignal): Promise<void> {
    if (this.#revision >= revision) {
      return;
    }
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { revision, resolve };
    this.#waiters.push(waiter);
    const abort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
  }

  /** Resolves when the cache is as new as the store was when this was called. */
  async waitUntilFresh(signal: AbortSignal): Promise<void> {
    await this.freshness({ signal });
  }

  /** The same without a turn, and without the signal of who asks, where there is nothing to wait for: undefined. */
  freshness(waiter: { readonly signal: AbortSignal }): Promise<void> | undefined {
    const current = this.#storage.currentRevision();
    if (typeof current === "number") {
      return current <= this.#revision ? undefined : this.waitFor(current, waiter.signal);
    }
    return current.then((revision) => this.waitFor(revision, waiter.signal));
  }

  /** A signal that aborts by this cache's clock; `clear` once it is no longer needed. */
  timeoutSignal(delayMs: number): { readonly signal: AbortSignal; clear(): void } {
    const controller = new AbortController();
    const timer = this.#clock.setTimer(delayMs, () => controller.abort(new Error(`not within ${delayMs} ms`)));
    return { signal: controller.signal, clear: () => timer.clear() };
  }

  #follow(): void {
    this.#storage.watch(registryPrefix, registryEnd, {
      fromRevision: this.#revision + 1,
      signal: this.#stopped.signal,
      onEvents: (events, revision) => this.#take(events, revision),
      onProgress: (revision) => this.#advance(revision),
      onEnd: (error) => {
        if (error instanceof CompactedError && !this.#stopped.signal.aborted) {
          this.#reload().catch((cause: Error) => this.#fail(cause));
          return;
        }
        this.#fail(error ?? new Error("the store ended its watch"));
      },
    });
  }

  /** The feed is lost, unless nobody wants it any more. */
  #fail(error: Error): void {
    if (!this.#stopped.signal.aborted) {
      this.#failed?.(error);
    }
  }

  /** History was compacted while the store was out of reach: read everything again. */
  async #reload(): Promise<void> {
    const { entries, revision } = await this.#storage.range(registryPrefix, registryEnd);
    if (this.#stopped.signal.aborted) {
      return;
    }
    const contents = new Map<ResourceCache, Map<string, ServedObject>>();
    for (const cache of this.#caches.values()) {
      contents.set(cache, new Map());
    }
    for (const entry of entries) {
      const cache = this.#cacheOfKey(entry.key);
      if (cache !== undefined) {
        const served = servedFromEntry(entry);
        if (served.unreadable !== undefined) this.#noteUnreadable(cache, entry.key, served);
        contents.get(cache)!.set(entry.key, served);
      }
    }
    for (const [cache, objects] of contents) {
      cache.reset(objects, revision);
    }
    this.#advance(revision);
    this.#follow();
  }

  #take(events: readonly StorageEvent[], revision: number): void {
    const now = this.#clock.monotonicMs();
    for (const event of events) {
      const key = event.type === "put" ? event.entry.key : event.key;
      const cache = this.#cacheOfKey(key);
      if (cache === undefined) {
        continue;
      }
      const change =
        event.type === "put" ? this.#putEvent(cache, event.entry) : deleteEvent(cache, key, event.revision);
      if (change !== undefined) {
        cache.apply(change, now);
      }
    }
    this.#advance(revision);
  }

  #putEvent(cache: ResourceCache, entry: Entry): CacheEvent {
    const written = this.#written.get(entry.value);
    const served =
      written === undefined
        ? servedFromEntry(entry, "now")
        : servedFromWrite(written.object, written.encoded, entry.modRevision);
    if (served.unreadable !== undefined) this.#noteUnreadable(cache, entry.key, served);
    const known = cache.get(entry.key);
    const previous = known?.unreadable === undefined ? known : undefined;
    return {
      type: previous === undefined ? "ADDED" : "MODIFIED",
      revision: entry.modRevision,
      key: entry.key,
      served,
      previous,
    };
  }

  #noteUnreadable(cache: ResourceCache, key: string, { revision, unreadable }: ServedObject): void {
    if (cache.get(key)?.revision === revision) return;
    this.#logger?.error("an object in the store cannot be read", { key, revision, reason: unreadable!.reason });
    this.#tryAgainLater();
  }

  #tryAgainLater(): void {
    if (this.#readAgainTimer !== undefined || this.#stopped.signal.aborted) return;
    const timer = this.#clock.setTimer(readAgainMs, () => {
      this.#readAllAgain()
        .catch((error: unknown) => this.#logger?.warn("what cannot be read could not be tried again", { error }))
        .finally(() => {
          this.#readAgainTimer = undefined;
          if ([...this.#caches.values()].some(({ hasUnreadable }) => hasUnreadable)) this.#tryAgainLater();
        });
    });
    this.#readAgainTimer = timer.unref();
  }

  async #readAllAgain(): Promise<void> {
    for (const cache of [...this.#caches.values()]) {
      const found = new Map<string, ServedObject>();
      const keys = cache.unreadable().values();
      const worker = async (): Promise<void> => {
        for (const key of keys) {
          const served = await this.#readAgainOne(cache, key);
          if (served !== undefined && served.unreadable === undefined) found.set(key, served);
        }
      };
      await Promise.all(Array.from({ length: readAgainParallel }, worker));
      this.#recovered(cache, found);
    }
  }

  /** What the key has now, where that is what the cache has; later states come with the feed. */
  async #readAgainOne(cache: ResourceCache, key: string): Promise<ServedObject | undefined> {
    const known = cache.get(key);
    const { entry } = await this.#storage.get(key);
    return entry?.modRevision === known?.revision && entry !== undefined ? servedFromEntry(entry) : undefined;
  }

  #recovered(cache: ResourceCache, found: Map<string, ServedObject>): void {
    for (const [key, { revision }] of found) {
      const known = cache.get(key);
      if (known?.unreadable === undefined || known.revision !== revision) found.delete(key);
    }
    if (found.size === 0 || this.#stopped.signal.aborted) return;
    this.#logger?.info("objects in the store can be read again", { keys: [...found.keys()] });
    cache.recovered(found, this.#revision);
  }

  #advance(revision: number): void {
    if (revision <= this.#revision) {
      return;
    }
    this.#revision = revision;
    for (const waiter of this.#waiters) {
      if (waiter.revision <= revision) {
        waiter.resolve();
      }
    }
  }

  /** `/registry/pods/ns/name` → pods; `/registry/services/specs/ns/name` → services/specs. */
  #cacheOfKey(key: string): ResourceCache | undefined {
    const first = key.indexOf("/", registryPrefix.length);
    if (first < 0) {
      return undefined;
    }
    const direct = this.#caches.get(key.slice(registryPrefix.length, first));
    if (direct !== undefined) {
      return direct;
    }
    const second = key.indexOf("/", first + 1);
    if (second < 0) {
      return undefined;
    }
    const path = key.slice(registryPrefix.length, second);
    // Custom resources lie below their group, which alone has a dot: whoever begins to serve one finds its objects here.
    return (
      this.#caches.get(path) ?? (path.slice(0, first - registryPrefix.length).includes(".") ? this.of(path) : undefined)
    );
  }
}

function deleteEvent(cache: ResourceCache, key: string, revision: number): CacheEvent | undefined {
  const previous = cache.get(key);
  if (previous === undefined) {
    return undefined;
  }
  const served = servedAtRevision(previous, revision);
  return { type: "DELETED", revision, key, served, previous: served.unreadable === undefined ? previous : undefined };
}
