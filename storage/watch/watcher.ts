import { sortKey } from "../key-order.ts";
import type { StorageEvent, WatchOptions } from "../storage.ts";

/** One watch: its range, how far it has come, and the calls into whoever asked for it. */
export class Watcher {
  readonly start: string;
  readonly end: string;
  readonly previous: boolean;
  /** The next revision it has not been handed. */
  next: number;
  /** It has read what history it wanted and gets events as they are published. */
  live = false;
  #ended = false;
  readonly #startKey: string;
  readonly #endKey: string;
  readonly #options: WatchOptions;
  #detach: () => void = () => {};
  /** Events came since the last progress was due. */
  #busy = false;

  constructor(start: string, end: string, options: WatchOptions, next: number) {
    this.start = start;
    this.end = end;
    this.previous = options.previous ?? false;
    this.next = next;
    this.#startKey = sortKey(start);
    this.#endKey = sortKey(end);
    this.#options = options;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get wantsProgress(): boolean {
    return this.#options.onProgress !== undefined;
  }

  /** Ends the watch when its signal aborts; calls `onEnded`, once, however it ends. */
  attach(onEnded: () => void): void {
    const { signal } = this.#options;
    const onAbort = (): void => this.finish(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#detach = () => {
      signal.removeEventListener("abort", onAbort);
      onEnded();
    };
  }

  wants(sortedKey: string): boolean {
    return sortedKey >= this.#startKey && sortedKey < this.#endKey;
  }

  handOver(events: readonly StorageEvent[], revision: number): void {
    this.#busy = true;
    this.#call(() => this.#options.onEvents(events, revision));
  }

  /** Says how far the watch has come, unless events have lately said so. */
  progress(revision: number): void {
    const idle = !this.#busy;
    this.#busy = false;
    if (idle) this.#call(() => this.#options.onProgress?.(revision));
  }

  finish(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#detach();
    this.#call(() => this.#options.onEnd(error));
  }

  /** For a watch that ends before it began: never calls back from inside `watch`. */
  finishSoon(error: Error | undefined): void {
    queueMicrotask(() => this.finish(error));
  }

  /** A watcher must not throw. If it does, the others still get their events, and the error surfaces as an uncaught one. */
  #call(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}
