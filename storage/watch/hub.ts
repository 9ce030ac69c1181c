import type { Clock, Timer } from "../../base/mod.ts";
import { sortKey } from "../key-order.ts";
import { ClosedError, CompactedError, type StorageEvent, type WatchOptions } from "../storage.ts";
import { EventWindow, keyOf, type WindowBounds } from "./event-window.ts";
import { Watcher } from "./watcher.ts";

/** The revision of a store that nothing has been written to. */
export const emptyRevision = 1;

const progressIntervalMs = 5_000;

export interface HistoryRequest {
  readonly start: string;
  readonly end: string;
  /** The first revision wanted. */
  readonly from: number;
  /** The last revision wanted. */
  readonly to: number;
  readonly previous: boolean;
}
export interface HistoryPart {
  /** In order of revision. */
  readonly events: readonly StorageEvent[];
  /** Every event of the request up to this revision is here; at least `from`. */
  readonly through: number;
}

export interface WatchHubOptions {
  readonly clock: Clock;
  /** The store's revision at the start. */
  readonly revision: number;
  readonly compactedRevision: number;
  /** The least revision whose event will be in the window. */
  readonly windowFirst: number;
  readonly bounds?: WindowBounds;
  /** Reads events older than the window, a part at a time. Absent: the window never drops but what is compacted. */
  readonly history?: (request: HistoryRequest) => Promise<HistoryPart>;
}

/**
 * Hands the events of one store to its watchers.
 *
 * Guarantees: each watcher gets each event of its range once, in order of revision. When `publish` returns, every watcher has
 * been handed what was published, except those still reading history: `caughtUp` says when they have. A watcher may write to
 * the store while it is called: what that publishes is handed over after the present event has reached everybody.
 */
export class WatchHub {
  readonly #clock: Clock;
  readonly #history: ((request: HistoryRequest) => Promise<HistoryPart>) | undefined;
  readonly #window: EventWindow;
  readonly #watchers = new Set<Watcher>();
  readonly #catchingUp = new Set<Promise<void>>();
  #revision: number;
  #compactedRevision: number;
  #delivering = false;
  #closed = false;
  #progressTimer: Timer | undefined;
  #lastEvent: StorageEvent | undefined;
  #lastSortKey = "";

  constructor(options: WatchHubOptions) {
    this.#clock = options.clock;
    this.#history = options.history;
    this.#revision = options.revision;
    this.#compactedRevision = options.compactedRevision;
    this.#window = new EventWindow(options.windowFirst, options.bounds);
  }

  get revision(): number {
    return this.#revision;
  }
  get compactedRevision(): number {
    return this.#compactedRevision;
  }
  get windowBytes(): number {
    return this.#window.bytes;
  }

  /** The next revision's event; `deliver` hands it over. */
  append(event: StorageEvent): void {
    this.#window.push(event);
    this.#revision++;
  }

  /** Hands over everything appended so far. */
  deliver(): void {
    if (this.#delivering) return; // A watcher wrote: the loop below, further up the stack, goes round again.
    this.#delivering = true;
    try {
      let delivered: number;
      do {
        delivered = this.#revision;
        for (const watcher of this.#watchers) if (watcher.live && watcher.next <= delivered) this.#handOver(watcher);
      } while (delivered !== this.#revision);
    } finally {
      this.#delivering = false;
    }
  }

  /** Resolves when every watcher that is now reading history has been handed what has been appended by now; undefined: already so. */
  caughtUp(): Promise<unknown> | undefined {
    return this.#catchingUp.size === 0 ? undefined : Promise.all(this.#catchingUp);
  }

  watch(start: string, end: string, options: WatchOptions): void {
    const next = options.fromRevision ?? this.#revision + 1;
    const watcher = new Watcher(start, end, options, Math.max(next, emptyRevision + 1));
    if (this.#closed || options.signal.aborted || next < this.#compactedRevision) {
      watcher.finishSoon(this.#refusal(options.signal));
      return;
    }
    this.#watchers.add(watcher);
    watcher.attach(() => this.#forget(watcher));
    if (options.onProgress !== undefined) this.#startProgress();
    if (this.#history !== undefined && watcher.next < this.#window.first) this.#startCatchingUp(watcher, this.#history);
    else {
      watcher.live = true;
      if (watcher.next <= this.#revision) queueMicrotask(() => this.deliver());
    }
  }

  /** Forgets events below `revision`, handing each to `dropped`. Watchers reading history below it end with `CompactedError`. */
  compact(revision: number, dropped: (event: StorageEvent) => void = () => {}): void {
    this.deliver();
    this.#compactedRevision = Math.max(this.#compactedRevision, revision);
    this.#window.dropBelow(revision, dropped);
  }

  /** Ends every watch. */
  close(error: Error): void {
    this.#closed = true;
    for (const watcher of [...this.#watchers]) watcher.finish(error);
  }

  #refusal(signal: AbortSignal): Error | undefined {
    if (signal.aborted) return undefined;
    return this.#closed ? new ClosedError("the store has been closed") : new CompactedError(this.#compactedRevision);
  }

  #handOver(watcher: Watcher): void {
    const events: StorageEvent[] = [];
    for (let revision = watcher.next; revision <= this.#revision; revision++) {
      const event = this.#window.at(revision);
      if (watcher.wants(this.#sortKeyOf(event))) events.push(event);
    }
    watcher.next = this.#revision + 1;
    if (events.length > 0) watcher.handOver(events, this.#revision);
  }

  /** All watchers are asked about one event after another: each event's sort key is worked out once. */
  #sortKeyOf(event: StorageEvent): string {
    if (event !== this.#lastEvent) {
      this.#lastEvent = event;
      this.#lastSortKey = sortKey(keyOf(event));
    }
    return this.#lastSortKey;
  }

  #startCatchingUp(watcher: Watcher, history: (request: HistoryRequest) => Promise<HistoryPart>): void {
    const done = this.#catchUp(watcher, history).finally(() => this.#catchingUp.delete(done));
    this.#catchingUp.add(done);
  }

  async #catchUp(watcher: Watcher, history: (request: HistoryRequest) => Promise<HistoryPart>): Promise<void> {
    try {
      while (!watcher.ended && watcher.next < this.#window.first) {
        const { start, end, next: from, previous } = watcher;
        const part = await history({ start, end, from, to: this.#revision, previous });
        if (watcher.ended) return;
        watcher.next = part.through + 1;
        if (part.events.length > 0) watcher.handOver(part.events, part.through);
      }
      watcher.live = true;
      this.deliver();
    } catch (error) {
      watcher.finish(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #startProgress(): void {
    this.#progressTimer ??= this.#clock.setTimer(progressIntervalMs, () => this.#reportProgress()).unref();
  }

  #reportProgress(): void {
    this.#progressTimer = undefined;
    for (const watcher of this.#watchers)
      if (watcher.live && watcher.next > this.#revision) watcher.progress(this.#revision);
    if ([...this.#watchers].some((watcher) => watcher.wantsProgress)) this.#startProgress();
  }

  #forget(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#progressTimer?.clear();
    this.#progressTimer = undefined;
  }
}
