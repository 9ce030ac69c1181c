import { type Clock, Heap, type Timer } from "../../base/mod.ts";
import {
  assertFits,
  ClosedError,
  CompactedError,
  type DeleteOptions,
  type Entry,
  FutureRevisionError,
  type GetResult,
  type PutOptions,
  type RangeOptions,
  type RangeResult,
  type ReadOptions,
  type Storage,
  type WatchOptions,
  type WriteResult,
} from "../storage.ts";
import { keyOf } from "../watch/event-window.ts";
import { emptyRevision, WatchHub } from "../watch/hub.ts";
import { SortedKeys } from "./sorted-keys.ts";
import { type Version, Versions } from "./versions.ts";

export interface MemoryStorageOptions {
  readonly clock: Clock;
}

/** A store that lives as long as the process: for tests, simulations and clusters that may forget. */
export function memoryStorage(options: MemoryStorageOptions): Storage {
  return new MemoryStorage(options.clock);
}

interface Expiry {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  readonly key: string;
  readonly revision: number;
}

class MemoryStorage implements Storage {
  readonly #clock: Clock;
  readonly #keys = new SortedKeys<Versions>();
  readonly #hub: WatchHub;
  /** One entry a put with a TTL; those that a later write made void are skipped when they surface. */
  readonly #expiries = new Heap<Expiry>((a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.revision < b.revision));
  #expiryTimer: { readonly timer: Timer; readonly atMs: number } | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#hub = new WatchHub({ clock, revision: emptyRevision, compactedRevision: 0, windowFirst: emptyRevision + 1 });
  }

  currentRevision(): number {
    return this.#hub.revision;
  }

  async get(key: string, options: ReadOptions = {}): Promise<GetResult> {
    const revision = this.#readable(options.revision);
    const versions = this.#keys.get(key);
    const entry = options.revision === undefined ? versions?.latest : versions?.at(revision);
    return { entry, revision };
  }

  async range(start: string, end: string, options: RangeOptions = {}): Promise<RangeResult> {
    const revision = this.#readable(options.revision);
    const limit = options.limit || Number.POSITIVE_INFINITY;
    const entries: Entry[] = [];
    let count = 0;
    for (const versions of this.#keys.walk(start, end)) {
      const entry = options.revision === undefined ? versions.latest : versions.at(revision);
      if (entry === undefined) continue;
      count++;
      if (entries.length < limit) entries.push(entry);
    }
    return { entries, count, more: count > entries.length, revision };
  }

  async put(key: string, value: Uint8Array, options: PutOptions = {}): Promise<WriteResult> {
    this.#assertOpen();
    assertFits(key, value);
    const previous = this.#keys.get(key)?.latest;
    const revision = this.#hub.revision + 1;
    if (isRefused(options.expectedRevision, previous)) return { ok: false, current: previous, revision: revision - 1 };
    const entry: Entry = { key, value, createRevision: previous?.createRevision ?? revision, modRevision: revision };
    this.#record(key, entry);
    if (options.ttlSeconds !== undefined) this.#expireLater(entry, options.ttlSeconds);
    this.#hub.append({ type: "put", entry, previous });
    this.#hub.deliver();
    return { ok: true, revision, previous };
  }

  async delete(key: string, options: DeleteOptions = {}): Promise<WriteResult> {
    this.#assertOpen();
    const previous = this.#keys.get(key)?.latest;
    if (previous === undefined || isRefused(options.expectedRevision, previous))
      return { ok: false, current: previous, revision: this.#hub.revision };
    const revision = this.#appendDelete(previous);
    this.#hub.deliver();
    return { ok: true, revision, previous };
  }

  watch(start: string, end: string, options: WatchOptions): void {
    this.#hub.watch(start, end, options);
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen();
    if (revision > this.#hub.revision) throw new FutureRevisionError(this.#hub.revision);
    this.#hub.compact(revision, (event) => {
      // Only keys written below `revision` can have something to drop, and each such write is dropped here once.
      const key = keyOf(event);
      if (this.#keys.get(key)?.compact(revision)) this.#keys.delete(key);
    });
  }

  async backup(): Promise<void> {
    throw new Error("a store in memory has no backup: use --store sqlite or etcd");
  }

  async sizeBytes(): Promise<number> {
    this.#assertOpen();
    return this.#hub.windowBytes;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#expiryTimer?.timer.clear();
    this.#expiryTimer = undefined;
    this.#hub.close(new ClosedError("the store has been closed"));
  }

  /** The revision to read at. */
  #readable(revision: number | undefined): number {
    this.#assertOpen();
    if (revision === undefined) return this.#hub.revision;
    if (revision > this.#hub.revision) throw new FutureRevisionError(this.#hub.revision);
    if (revision < this.#hub.compactedRevision) throw new CompactedError(this.#hub.compactedRevision);
    return revision;
  }

  #record(key: string, version: Version): void {
    const versions = this.#keys.get(key);
    if (versions === undefined) this.#keys.set(key, new Versions(version));
    else versions.push(version);
  }

  #appendDelete(previous: Entry): number {
    const revision = this.#hub.revision + 1;
    const { key } = previous;
    this.#record(key, { key, value: undefined, modRevision: revision });
    this.#hub.append({ type: "delete", key, revision, previous });
    return revision;
  }

  #expireLater({ key, modRevision }: Entry, ttlSeconds: number): void {
    this.#expiries.push({ atMs: this.#clock.monotonicMs() + ttlSeconds * 1000, key, revision: modRevision });
    this.#armExpiry();
  }

  /** One timer, for the earliest. */
  #armExpiry(): void {
    const next = this.#expiries.peek();
    if (next === undefined || (this.#expiryTimer !== undefined && this.#expiryTimer.atMs <= next.atMs)) return;
    this.#expiryTimer?.timer.clear();
    const delayMs = Math.max(0, next.atMs - this.#clock.monotonicMs());
    this.#expiryTimer = { timer: this.#clock.setTimer(delayMs, () => this.#expire()).unref(), atMs: next.atMs };
  }

  #expire(): void {
    this.#expiryTimer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let next = this.#expiries.peek(); next !== undefined && next.atMs <= nowMs; next = this.#expiries.peek()) {
      this.#expiries.pop();
      const current = this.#keys.get(next.key)?.latest;
      if (current !== undefined && current.modRevision === next.revision) this.#appendDelete(current);
    }
    this.#hub.deliver();
    this.#armExpiry();
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError("the store has been closed");
  }
}

function isRefused(expectedRevision: number | undefined, current: Entry | undefined): boolean {
  return expectedRevision !== undefined && expectedRevision !== (current?.modRevision ?? 0);
}
