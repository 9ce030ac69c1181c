import type { Storage, StorageEvent, WatchOptions } from "../storage.ts";

/** A driver under test. */
export interface Subject {
  readonly storage: Storage;
  /** Nobody has written to it: it is at revision 1. */
  readonly fresh: boolean;
  /** Lets this much of the store's time pass. */
  passTime(ms: number): Promise<void>;
  /** How much later than asked a key may disappear. */
  readonly expiryToleranceMs: number;
  /** Whether a watch from the very revision that was compacted to is always served; else it may end with `CompactedError`. */
  readonly servesCompactedRevision: boolean;
  /** Whether an idle watch is told of progress. */
  readonly reportsProgress: boolean;
  /** Closes the store and leaves nothing behind. */
  dispose(): Promise<void>;
}

export type SubjectFactory = () => Promise<Subject>;

/** Gives each test keys of its own in the store they share. */
export type Prefixes = () => string;

/** A watch that remembers everything. */
export interface Watching {
  readonly events: StorageEvent[];
  /** The `revision` of each call, in order, `onEvents` and `onProgress` alike. */
  readonly revisions: number[];
  readonly progress: number[];
  readonly ended: Promise<Error | undefined>;
  stop(): Promise<Error | undefined>;
  /** Resolves once so many events have come. */
  reached(count: number): Promise<void>;
}

export function startWatch(
  storage: Storage,
  range: { readonly start: string; readonly end: string },
  options: Pick<WatchOptions, "fromRevision" | "previous"> = {},
): Watching {
  const controller = new AbortController();
  const end = Promise.withResolvers<Error | undefined>();
  const events: StorageEvent[] = [];
  const revisions: number[] = [];
  const progress: number[] = [];
  let onMore: () => void = () => {};
  storage.watch(range.start, range.end, {
    ...options,
    signal: controller.signal,
    onEvents: (more, revision) => {
      events.push(...more);
      revisions.push(revision);
      onMore();
    },
    onProgress: (revision) => {
      revisions.push(revision);
      progress.push(revision);
    },
    onEnd: (error) => {
      end.resolve(error);
      onMore();
    },
  });
  const reached = async (count: number): Promise<void> => {
    let over = false;
    void end.promise.then(() => {
      over = true;
    });
    while (events.length < count && !over) {
      await new Promise<void>((resolve) => {
        onMore = resolve;
      });
    }
  };
  const stop = (): Promise<Error | undefined> => {
    controller.abort();
    return end.promise;
  };
  return { events, revisions, progress, ended: end.promise, stop, reached };
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** All keys that begin with a prefix ending in `/`. */
export function under(prefix: string): { readonly start: string; readonly end: string } {
  return { start: prefix, end: `${prefix.slice(0, -1)}0` };
}
