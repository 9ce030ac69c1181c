import { type Clock, type Logger, silentLogger, type Timer } from "../../base/mod.ts";
import {
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
import { EtcdClient, type EtcdTls } from "./client.ts";
import { verdictOf } from "./failures.ts";
import { type KeyRange, Keyspace } from "./keyspace.ts";
import { Leases } from "./leases.ts";
import {
  decodeDelete,
  decodeHeaderOnly,
  decodePut,
  decodeRange,
  decodeStatus,
  decodeTransaction,
  empty,
  encodeCompaction,
  encodeCompareAndDo,
  encodeDelete,
  encodePut,
  encodeRange,
  type RangeAnswer,
  type WriteAnswer,
} from "./messages.ts";
import { supportsProgressRequests } from "./progress.ts";
import { snapshotTo } from "./snapshot.ts";
import { compactedRevisionOf, EtcdWatch } from "./watch.ts";

export interface EtcdStorageOptions {
  /** `http://host:port` or `https://host:port`; all of one cluster. */
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly tls?: EtcdTls;
  /** What every key in etcd begins with; the store's keys go without. Default: nothing. */
  readonly keyPrefix?: string;
  /** How long a call goes on trying before `StorageUnavailableError`. Default 10 s. */
  readonly timeoutMs?: number;
}

/** Entries that one call brings: what a long range costs the event loop at a time. */
const pageEntries = 500;
const progressIntervalMs = 5_000;
/** How often a range of the present starts again because it was compacted away between two pages. */
const rangeAttempts = 5;

/** A store in a cluster of etcd, 3.4 or later. Rejects where the cluster does not answer. */
export async function etcdStorage(options: EtcdStorageOptions): Promise<Storage> {
  const { clock, timeoutMs = 10_000, endpoints, tls } = options;
  const client = new EtcdClient({ clock, endpoints, timeoutMs, ...(tls && { tls }) });
  try {
    const { version } = await client.call({
      method: "Maintenance/Status",
      request: empty,
      decode: decodeStatus,
      kind: "read",
    });
    return new EtcdStorage(client, version, options);
  } catch (error) {
    client.close();
    throw error;
  }
}

class EtcdStorage implements Storage {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #keys: Keyspace;
  readonly #leases: Leases;
  readonly #watches = new Set<EtcdWatch>();
  /** Calls that close waits for. */
  readonly #running = new Set<Promise<unknown>>();
  readonly #asksForProgress: boolean;
  #progressTimer: Timer | undefined;
  #closing: Promise<void> | undefined;

  constructor(client: EtcdClient, version: string, { clock, logger, keyPrefix }: EtcdStorageOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger ?? silentLogger;
    this.#keys = new Keyspace(keyPrefix ?? "");
    this.#leases = new Leases(client, clock);
    this.#asksForProgress = supportsProgressRequests(version);
  }

  async currentRevision(): Promise<number> {
    const { revision } = await this.#run(() => this.#page({ key: this.#keys.key("\0") }));
    return revision;
  }

  async get(key: string, { revision }: ReadOptions = {}): Promise<GetResult> {
    return this.#run(async () => {
      const request = { key: this.#keys.key(key), ...(revision !== undefined && { revision }) };
      const answer = await this.#explained(() => this.#page(request));
      const [kv] = answer.kvs;
      return { entry: kv && this.#keys.entry(kv), revision: revision ?? answer.revision };
    });
  }

  async range(start: string, end: string, { revision, limit }: RangeOptions = {}): Promise<RangeResult> {
    return this.#run(async () => {
      const wanted = limit || Number.POSITIVE_INFINITY;
      // A range that is empty by itself still has to refuse what is compacted or to come.
      const range = this.#keys.range(start, end) ?? { key: this.#keys.key("\0"), rangeEnd: empty };
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#explained(() => this.#allPages(range, wanted, revision));
        } catch (error) {
          if (!(error instanceof CompactedError) || revision !== undefined || attempt === rangeAttempts) throw error;
        }
      }
    });
  }

  async put(key: string, value: Uint8Array, { expectedRevision, ttlSeconds }: PutOptions = {}): Promise<WriteResult> {
    return this.#write(key, async () => {
      const put = async (): Promise<WriteAnswer> => {
        const lease = ttlSeconds === undefined ? 0n : await this.#leases.for(ttlSeconds);
        const request = encodePut({ key: this.#keys.key(key), value, lease });
        if (expectedRevision !== undefined) return this.#compareAndDo(key, expectedRevision, { put: request });
        return this.#client.call({ method: "KV/Put", request, decode: decodePut, kind: "write" });
      };
      try {
        return await put();
      } catch (error) {
        if (ttlSeconds === undefined || verdictOf(error) !== "lease-gone") throw error;
        this.#leases.forget(ttlSeconds);
        return put();
      }
    });
  }

  async delete(key: string, { expectedRevision }: DeleteOptions = {}): Promise<WriteResult> {
    return this.#write(key, () => {
      const request = encodeDelete(this.#keys.key(key));
      if (expectedRevision !== undefined) return this.#compareAndDo(key, expectedRevision, { deleteRange: request });
      return this.#client.call({ method: "KV/DeleteRange", request, decode: decodeDelete, kind: "write" });
    });
  }

  watch(start: string, end: string, options: WatchOptions): void {
    if (this.#closing !== undefined || options.signal.aborted) {
      const error = options.signal.aborted ? undefined : closedError();
      queueMicrotask(() => options.onEnd(error));
      return;
    }
    // An empty range is watched as a key that nobody writes.
    const range = this.#keys.range(start, end) ?? { key: this.#keys.key("\0"), rangeEnd: this.#keys.key("\0\0") };
    const watch = new EtcdWatch({ client: this.#client, keyspace: this.#keys, logger: this.#logger, range, options });
    this.#watches.add(watch);
    void watch.done.then(() => this.#watches.delete(watch));
    if (watch.wantsProgress && this.#asksForProgress) this.#scheduleProgress();
  }

  async compact(revision: number): Promise<void> {
    await this.#run(() =>
      this.#explained(async () => {
        try {
          const request = encodeCompaction(revision);
          await this.#client.call({ method: "KV/Compact", request, decode: decodeHeaderOnly, kind: "read" });
        } catch (error) {
          if (verdictOf(error) !== "compacted") throw error;
        }
      }),
    );
  }

  async backup(path: string): Promise<void> {
    await this.#run(() => snapshotTo(this.#client, path));
  }

  async sizeBytes(): Promise<number> {
    const call = { method: "Maintenance/Status", request: empty, decode: decodeStatus, kind: "read" } as const;
    return (await this.#run(() => this.#client.call(call))).sizeBytes;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#progressTimer?.clear();
    const watches = [...this.#watches];
    for (const watch of watches) watch.end(closedError());
    this.#client.close();
    await Promise.all(watches.map(({ done }) => done));
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) throw closedError();
    const running = work();
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Writes, then waits until every watcher of the key has been handed what was written. */
  #write(key: string, work: () => Promise<WriteAnswer>): Promise<WriteResult> {
    return this.#run(async () => {
      // A watch from now, begun before this write, must see it: first the server has to have heard of the watch.
      await Promise.all([...this.#watches].map(({ started }) => started));
      const { done, entry: kv, revision } = await work();
      const entry = kv && this.#keys.entry(kv);
      if (!done) return { ok: false, current: entry, revision };
      const bytes = this.#keys.key(key);
      const waits = [...this.#watches]
        .filter(({ range }) => contains(range, bytes))
        .map((watch) => watch.reached(revision));
      await Promise.all(waits);
      return { ok: true, revision, previous: entry };
    });
  }

  #compareAndDo(
    key: string,
    revision: number,
    success: { readonly put: Uint8Array } | { readonly deleteRange: Uint8Array },
  ): Promise<WriteAnswer> {
    const bytes = this.#keys.key(key);
    const request = encodeCompareAndDo(bytes, revision, success, { range: encodeRange({ key: bytes }) });
    return this.#client.call({ method: "KV/Txn", request, decode: decodeTransaction, kind: "write" });
  }

  async #allPages({ key, rangeEnd }: KeyRange, wanted: number, revision: number | undefined): Promise<RangeResult> {
    const entries: Entry[] = [];
    let at = revision;
    let from = key;
    let count: number | undefined;
    for (;;) {
      const limit = Math.min(wanted - entries.length, pageEntries);
      const page = await this.#page({ key: from, rangeEnd, limit, ...(at !== undefined && { revision: at }) });
      at ??= page.revision;
      count ??= page.count;
      for (const kv of page.kvs) entries.push(this.#keys.entry(kv));
      const last = page.kvs[page.kvs.length - 1];
      if (!page.more || last === undefined || entries.length >= wanted)
        return { entries, count, more: count > entries.length, revision: at };
      from = Buffer.concat([last.key, new Uint8Array(1)]);
    }
  }

  #page(request: Parameters<typeof encodeRange>[0]): Promise<RangeAnswer> {
    return this.#client.call({ method: "KV/Range", request: encodeRange(request), decode: decodeRange, kind: "read" });
  }

  /** etcd's refusals in the store's own words. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const verdict = verdictOf(error);
      if (verdict === "compacted") {
        const range = { key: this.#keys.key("\0"), rangeEnd: this.#keys.key("\0\0") };
        throw new CompactedError(await compactedRevisionOf(this.#client, range));
      }
      if (verdict === "future")
        throw new FutureRevisionError((await this.#page({ key: this.#keys.key("\0") })).revision);
      throw error;
    }
  }

  #scheduleProgress(): void {
    this.#progressTimer ??= this.#clock
      .setTimer(progressIntervalMs, () => {
        this.#progressTimer = undefined;
        const watches = [...this.#watches].filter(({ wantsProgress }) => wantsProgress);
        for (const watch of watches) watch.requestProgress();
        if (watches.length > 0) this.#scheduleProgress();
      })
      .unref();
  }
}

function contains({ key, rangeEnd }: KeyRange, bytes: Uint8Array): boolean {
  return Buffer.compare(key, bytes) <= 0 && Buffer.compare(bytes, rangeEnd) < 0;
}

function closedError(): ClosedError {
  return new ClosedError("the store has been closed");
}
