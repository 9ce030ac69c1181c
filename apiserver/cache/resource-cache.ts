import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { type ServedObject, servedAtRevision } from "./served-object.ts";
import { type SortedEntry, SortedMap } from "./sorted-map.ts";

/** A change of one stored object, as every watcher of its resource is told. */
export interface CacheEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly key: string;
  /** The new state; for DELETED the last one, at the revision of the deletion. May be unreadable. */
  readonly served: ServedObject;
  /** Undefined too where what was there cannot be read. */
  readonly previous: ServedObject | undefined;
}

export type CachedEntry = SortedEntry<ServedObject>;

/** The first key behind all that begin with `prefix`, which ends in a slash. */
const endOf = (prefix: string): string => `${prefix.slice(0, -1)}0`;

export interface CacheWatcher {
  /** Only keys that begin with this. */
  readonly prefix: string;
  onEvent(event: CacheEvent): void;
  /** The store's history broke off: the watcher must list again. */
  onLost(): void;
}

/** How far back a watch may begin: at least this many events of the resource are kept … */
const historyMin = 1_000;
/** … and, when they come quickly, those of the last minute, up to this many. */
const historyMax = 20_000;
const historyMs = 60_000;

interface HistoryEntry {
  readonly event: CacheEvent;
  readonly at: number;
}

/**
 * Everything the store holds of one resource, in memory: current objects by key in the store's order, the recent events,
 * and the watchers. Fed by one watch of the whole store, in revision order; nothing here waits.
 */
export class ResourceCache {
  readonly storagePath: string;
  readonly #objects = new SortedMap<ServedObject>();
  /** Events of the feed so far. */
  received = 0;
  readonly #listeners = new Set<(event: CacheEvent) => void>();
  readonly #watchers = new Set<CacheWatcher>();
  /** Keys of current objects that cannot be read: nearly always none. */
  readonly #unreadable = new Set<string>();
  #history: HistoryEntry[] = [];
  /** Watches may begin after this revision: everything later is in `#history`. */
  #historyFloor: number;
  #lastChange: number;
  #byteLength = 0;

  constructor(storagePath: string, revision: number) {
    this.storagePath = storagePath;
    this.#historyFloor = revision;
    this.#lastChange = revision;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Length of all current objects as JSON. */
  get byteLength(): number {
    return this.#byteLength;
  }

  get watcherCount(): number {
    return this.#watchers.size;
  }

  /** Whether some of it cannot be read: what seems to belong to nothing may belong to that. */
  get hasUnreadable(): boolean {
    return this.#unreadable.size > 0;
  }

  /** Their keys that begin with `prefix`. */
  unreadable(prefix = ""): readonly string[] {
    return [...this.#unreadable].filter((key) => key.startsWith(prefix));
  }

  /** Revision of the last change of this resource, or of the load. */
  get lastChange(): number {
    return this.#lastChange;
  }

  get(key: string): ServedObject | undefined {
    return this.#objects.get(key);
  }

  object(key: string): ApiObject | undefined {
    return readable(this.#objects.get(key))?.object;
  }

  /** Current objects whose key begins with `prefix` and is >= `from`, in order: valid until something changes. */
  range(prefix: string, from: string = prefix): readonly CachedEntry[] {
    return this.#objects.slice(from < prefix ? prefix : from, endOf(prefix));
  }

  /** How many keys begin with `prefix` and are >= `from`. */
  count(prefix: string, from: string = prefix): number {
    return this.#objects.count(from < prefix ? prefix : from, endOf(prefix));
  }

  /** Takes a loaded object, before the feed begins; listeners hear of it as added. */
  load(key: string, served: ServedObject): void {
    const event: CacheEvent = { type: "ADDED", revision: served.revision, key, served, previous: undefined };
    this.#store(event);
    this.#tell(event);
  }

  /** The load is complete at `revision`: watches may begin there. */
  loaded(revision: number): void {
    this.#historyFloor = revision;
    this.#lastChange = revision;
  }

  apply(event: CacheEvent, now: number): void {
    this.received++;
    this.#store(event);
    this.#lastChange = event.revision;
    this.#remember({ event, at: now });
    this.#tell(event);
    for (const watcher of this.#watchers) {
      if (event.key.startsWith(watcher.prefix)) {
        watcher.onEvent(event);
      }
    }
  }

  /**
   * Starts a watch: first, synchronously, the events after `afterRevision` that are remembered, then each new one.
   * Returns what stops it, or undefined where the revision is too old to be continued from.
   */
  watch(watcher: CacheWatcher, afterRevision: number): (() => void) | undefined {
    if (afterRevision < this.#historyFloor) {
      return undefined;
    }
    for (let i = this.#historyIndexAfter(afterRevision); i < this.#history.length; i++) {
      const { event } = this.#history[i]!;
      if (event.key.startsWith(watcher.prefix)) {
        watcher.onEvent(event);
      }
    }
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /**
   * Follows changes for as long as the cache lives, across breaks of the feed (what changed meanwhile is told as events);
   * returns what stops it. What cannot be read is left out: it is told as deleted where it was there, and as added once it
   * can be read.
   */
  listen(onEvent: (event: CacheEvent) => void): () => void {
    this.#listeners.add(onEvent);
    return () => this.#listeners.delete(onEvent);
  }

  /** Oldest revision a watch may begin after. */
  get historyFloor(): number {
    return this.#historyFloor;
  }

  /** The feed broke off and was read anew at `revision`: contents are replaced, watchers told. */
  reset(objects: ReadonlyMap<string, ServedObject>, revision: number): void {
    const changes: CacheEvent[] = [];
    for (const { key, value: previous } of this.#objects.all()) {
      if (!objects.has(key)) {
        const served = servedAtRevision(previous, revision);
        changes.push({ type: "DELETED", revision, key, served, previous: readable(previous) });
      }
    }
    for (const [key, served] of objects) {
      const known = this.#objects.get(key);
      const previous = readable(known);
      // What was read once is still known, whatever has become of its key.
      if (previous?.revision !== served.revision) {
        changes.push({ type: previous === undefined ? "ADDED" : "MODIFIED", revision, key, served, previous });
      }
    }
    this.#begin(changes, revision);
  }

  /** Objects could not be read and can be now: watchers, who were never told of them, must list again. */
  recovered(objects: ReadonlyMap<string, ServedObject>, revision: number): void {
    const changes: CacheEvent[] = [];
    for (const [key, served] of objects) changes.push({ type: "ADDED", revision, key, served, previous: undefined });
    this.#begin(changes, revision);
  }

  /** Nothing but these changes has led to what is there now: history begins with it. */
  #begin(changes: readonly CacheEvent[], revision: number): void {
    for (const change of changes) {
      this.#store(change);
    }
    this.#history = [];
    this.#historyFloor = revision;
    this.#lastChange = revision;
    for (const change of changes) {
      this.#tell(change);
    }
    for (const watcher of [...this.#watchers]) {
      watcher.onLost();
    }
  }

  #store({ type, key, served, previous }: CacheEvent): void {
    const kept = type !== "DELETED";
    if (kept && served.unreadable !== undefined) {
      this.#unreadable.add(key);
    } else {
      if (this.#unreadable.size > 0) this.#unreadable.delete(key);
      if (kept) this.#byteLength += served.byteLength;
    }
    this.#byteLength -= previous?.byteLength ?? 0;
    if (kept) {
      this.#objects.set(key, served);
    } else {
      this.#objects.delete(key);
    }
  }

  #tell(change: CacheEvent): void {
    let event = change;
    if (change.served.unreadable !== undefined) {
      const { revision, previous } = change;
      if (previous === undefined) return;
      event = { ...change, type: "DELETED", served: servedAtRevision(previous, revision) };
    }
    for (const listener of this.#listeners) {
      listener(event);
    }
  }

  #remember(entry: HistoryEntry): void {
    this.#history.push(entry);
    const excess = this.#history.length - historyMin;
    if (excess <= 0 || this.#history.length % 256 !== 0) {
      return;
    }
    let drop = Math.max(0, this.#history.length - historyMax);
    while (drop < excess && entry.at - this.#history[drop]!.at > historyMs) {
      drop++;
    }
    if (drop > 0) {
      this.#historyFloor = this.#history[drop - 1]!.event.revision;
      this.#history.splice(0, drop);
    }
  }

  #historyIndexAfter(revision: number): number {
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#history[middle]!.event.revision <= revision) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}

function readable(served: ServedObject | undefined): ServedObject | undefined {
  return served?.unreadable === undefined ? served : undefined;
}
