/**
 * An etcd-shaped store: one keyspace, one revision counter, watch from any revision not yet compacted. It knows bytes and
 * revisions and has never heard of a Pod.
 *
 * Guarantees of every driver, which `storage/contract.ts` checks against all of them:
 *  1. Each successful `put` or `delete` gets the next revision, one higher than the one before, without gaps that a reader
 *     could see as missing events. A store begins at revision 1.
 *  2. A write's promise resolves after the write is durable (memory: visible), and after its event has been handed to every
 *     watcher of this store object: a client that sees its write acknowledged sees it in every cache fed by a watch.
 *  3. Reads at revision R see exactly the writes up to R. `currentRevision` is linearizable.
 *  4. A watch from revision R hands over every event with a revision >= R, once, in order, then goes on live; where R has
 *     been compacted it ends with `CompactedError`.
 *  5. Values handed in or out are never changed afterwards, by either side.
 *  6. A put whose key and value have more than `maxPutBytes` together rejects with `TooLargeError` and changes nothing. One
 *     that stays 16 KiB below is not refused for its size: how much etcd counts around them is etcd's.
 */
export interface Storage {
  /** The last revision, linearizable. Synchronous where the driver knows without asking. */
  currentRevision(): number | Promise<number>;
  get(key: string, options?: ReadOptions): Promise<GetResult>;
  /** Entries with `start <= key < end` in the order of their UTF-8 bytes. */
  range(start: string, end: string, options?: RangeOptions): Promise<RangeResult>;
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<WriteResult>;
  delete(key: string, options?: DeleteOptions): Promise<WriteResult>;
  /**
   * Starts a watch on `start <= key < end`. Events of one revision come in one call; `onEvents` must not throw and must not
   * block. After `onEnd` nothing more is called. Ends without error when `signal` aborts.
   */
  watch(start: string, end: string, options: WatchOptions): void;
  /** Forgets history below `revision`; the current value of each key stays. */
  compact(revision: number): Promise<void>;
  /** Writes a consistent copy of the whole store to `path` while writes go on. Memory: unsupported, rejects. */
  backup(path: string): Promise<void>;
  /** Whether a write of the same value would change what is stored: it is encrypted with a former key, say. */
  isStale?(key: string): boolean;
  /** Bytes on disk, or held in memory. */
  sizeBytes(): Promise<number>;
  /** Waits for what was accepted, then releases everything. Later calls reject with `ClosedError`. */
  close(): Promise<void>;
}

export interface Entry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Why the value is as it lies in the store, and not what was written: it is encrypted with a key that is not there, say. */
  readonly unreadable?: Error;
}

export interface ReadOptions {
  /** Read as of this revision; the latest where absent. Below the compacted one: `CompactedError`; above the last: `FutureRevisionError`. */
  readonly revision?: number;
}
export interface RangeOptions extends ReadOptions {
  readonly limit?: number;
}
export interface GetResult {
  readonly entry: Entry | undefined;
  /** The store's revision at which this was true. */
  readonly revision: number;
}
export interface RangeResult {
  readonly entries: readonly Entry[];
  /** True where `limit` cut the answer. */
  readonly more: boolean;
  /** How many entries the whole range has. */
  readonly count: number;
  readonly revision: number;
}

export interface PutOptions {
  /** Write only if the key's modRevision is this; 0: only if the key does not exist. Absent: always. */
  readonly expectedRevision?: number;
  /** The key disappears by itself, with an ordinary delete event, this long after. At least 1. */
  readonly ttlSeconds?: number;
}
export interface DeleteOptions {
  readonly expectedRevision?: number;
}

/** What became of a conditional write: a decision, not a failure. */
export type WriteResult =
  | { readonly ok: true; readonly revision: number; readonly previous: Entry | undefined }
  | { readonly ok: false; readonly current: Entry | undefined; readonly revision: number };

export interface WatchOptions {
  /** First revision wanted; absent: what comes after now. */
  readonly fromRevision?: number;
  /** With the value each key had before the event. */
  readonly previous?: boolean;
  readonly signal: AbortSignal;
  readonly onEvents: (events: readonly StorageEvent[], revision: number) => void;
  /** Called at least every ~10 s on an idle watch where the driver can: everything up to `revision` has been handed over. */
  readonly onProgress?: (revision: number) => void;
  readonly onEnd: (error: Error | undefined) => void;
}

export type StorageEvent =
  | { readonly type: "put"; readonly entry: Entry; readonly previous: Entry | undefined }
  | { readonly type: "delete"; readonly key: string; readonly revision: number; readonly previous: Entry | undefined };

/** What etcd takes in one request unless it is told otherwise (`--max-request-bytes`). */
export const maxPutBytes = 1_572_864;

/** For drivers that have no limit of their own. */
export function assertFits(key: string, value: Uint8Array): void {
  if (value.length + Buffer.byteLength(key) > maxPutBytes) throw new TooLargeError();
}

/** The store takes no value of this size, now or later. */
export class TooLargeError extends Error {
  override readonly name = "TooLargeError";
  constructor(options?: ErrorOptions) {
    super("etcdserver: request is too large", options);
  }
}
/** The revision asked for is no longer kept. */
export class CompactedError extends Error {
  override readonly name = "CompactedError";
  readonly compactedRevision: number;
  constructor(compactedRevision: number) {
    super(`required revision has been compacted (compacted revision ${compactedRevision})`);
    this.compactedRevision = compactedRevision;
  }
}
/** The revision asked for has not happened yet. */
export class FutureRevisionError extends Error {
  override readonly name = "FutureRevisionError";
  readonly currentRevision: number;
  constructor(currentRevision: number) {
    super(`required revision is a future revision (current revision ${currentRevision})`);
    this.currentRevision = currentRevision;
  }
}
/** The store has been closed, or was lost. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}
/** The store could not take the write and has not taken it (full disk, read-only file); trying again later may succeed. */
export class StorageUnavailableError extends Error {
  override readonly name = "StorageUnavailableError";
}
/** A write was sent and no answer came: it may have been taken, now or a little later, or not. Read before writing again. */
export class UnknownOutcomeError extends Error {
  override readonly name = "UnknownOutcomeError";
}
