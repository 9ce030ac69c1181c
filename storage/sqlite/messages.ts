/**
 * What the main thread and the worker say to each other. Values travel packed into one `ArrayBuffer` a message, which is
 * transferred, not copied; numbers travel as one `Float64Array` (revisions and times are exact up to 2^53).
 */

/** Start-up facts, as the worker's `workerData`. */
export interface WorkerOptions {
  readonly path: string;
  readonly cacheBytes: number;
}

export type Request =
  | WriteRequest
  | { readonly kind: "get"; readonly id: number; readonly key: string; readonly revision: number | undefined }
  | RangeRequest
  | HistoryMessage
  /** Deletes what expired at or before this time, in milliseconds since 1970. Answered by `expired`, then or later. */
  | { readonly kind: "expire"; readonly nowMs: number }
  | { readonly kind: "compact"; readonly id: number; readonly revision: number }
  | { readonly kind: "backup"; readonly id: number; readonly path: string }
  | { readonly kind: "close" };

/** Writes to decide and commit together with whatever else waits; answered by `written` or `unwritten`, in order. */
export interface WriteRequest {
  readonly kind: "write";
  readonly keys: readonly string[];
  /** `writeNumbers` numbers a write: operation (1 put, 0 delete), expected revision or -1, expiry time or 0, value's length. */
  readonly numbers: Float64Array;
  readonly bytes: ArrayBuffer;
}
export const writeNumbers = 4;

export interface RangeRequest {
  readonly kind: "range";
  readonly id: number;
  readonly start: string;
  readonly end: string;
  readonly revision: number | undefined;
  /** 0: none. */
  readonly limit: number;
}
export interface HistoryMessage {
  readonly kind: "history";
  readonly id: number;
  readonly start: string;
  readonly end: string;
  readonly from: number;
  readonly to: number;
  readonly previous: boolean;
}

export type Reply =
  | {
      readonly kind: "opened";
      readonly revision: number;
      readonly compactedRevision: number;
      readonly nextExpiryMs: number;
    }
  | { readonly kind: "open-failed"; readonly failure: Failure }
  | WrittenReply
  | { readonly kind: "unwritten"; readonly count: number; readonly failure: Failure }
  | { readonly kind: "expired"; readonly events: PackedEvents; readonly nextExpiryMs: number }
  | { readonly kind: "unexpired"; readonly failure: Failure }
  | EntriesReply
  | { readonly kind: "events"; readonly id: number; readonly events: PackedEvents; readonly through: number }
  | { readonly kind: "compacting"; readonly revision: number }
  | { readonly kind: "done"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly failure: Failure }
  | { readonly kind: "trouble"; readonly message: string; readonly failure: Failure }
  | { readonly kind: "closed" };

export interface WrittenReply {
  readonly kind: "written";
  /** `resultNumbers` numbers a write: 1 done or 0 refused, revision, then creation, modification and length (-1: none) of the entry before it. */
  readonly numbers: Float64Array;
  /** The values of the entries before. */
  readonly bytes: ArrayBuffer;
}
export const resultNumbers = 5;

/** One part of an answer to `get` or `range`; the last has `last`. */
export interface EntriesReply {
  readonly kind: "entries";
  readonly id: number;
  readonly entries: PackedEntries;
  readonly last: { readonly count: number; readonly revision: number } | undefined;
}

export interface PackedEntries {
  readonly keys: readonly string[];
  /** Three an entry: creation, modification, length. */
  readonly numbers: Float64Array;
  readonly bytes: ArrayBuffer;
}

export interface PackedEvents {
  readonly keys: readonly string[];
  /** Six an event: revision, creation, length (-1: delete), and the same of what was before (length -1: nothing; its modification first). */
  readonly numbers: Float64Array;
  readonly bytes: ArrayBuffer;
}

/** An error, as plain data: classes do not survive the way between threads. */
export interface Failure {
  readonly type: "compacted" | "future" | "unavailable" | "corrupt" | "locked" | "other";
  readonly message: string;
  /** Of `compacted` and `future`. */
  readonly revision?: number;
}
