import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Clock, Timer } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { CacheEvent } from "../cache/resource-cache.ts";
import { type ServedObject, servedAs, servedAtRevision } from "../cache/served-object.ts";
import type { ServedEvent, WatchResponse, WatchSink } from "../response.ts";
import { type ListSource, readAgain } from "./list.ts";
import type { ListOptions } from "./options.ts";
import { parseResourceVersion, waitForRevision } from "./resource-version.ts";
import { mayMatch, type Selection, selectionOf } from "./selection.ts";

/** How often an idle watcher that asked for bookmarks gets one (cacher's defaultBookmarkFrequency). */
const bookmarkIntervalMs = 60_000;
/** A watch that says no timeout ends after one to two of these (min-request-timeout). */
const minTimeoutMs = 1_800_000;
/** Changes that may happen while a receiver takes the initial events; more, and it has to begin anew. */
const maxHeldEvents = 10_000;

export interface WatchTiming {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Opens a watch: from `resourceVersion` on, or after the current state as ADDED events where it is unset or "0", or with
 * `sendInitialEvents`, which ends them with a marked bookmark (KEP-3157). A revision whose history is gone is `Expired`.
 */
export async function watchObjects(
  source: ListSource,
  namespace: string,
  options: ListOptions,
  timing: WatchTiming,
  signal: AbortSignal,
): Promise<WatchResponse> {
  const { store, cache } = source;
  const selection = selectionOf(store.definition, options.labelSelector, options.fieldSelector);
  const prefix = namespace === "" ? store.prefix : `${store.prefix}${namespace}/`;
  const wanted = parseResourceVersion(options.resourceVersion);
  const initial = options.sendInitialEvents ?? wanted === 0;
  if (initial && store.cache.hasUnreadable) await readAgain(source, prefix, selection);
  if (wanted === 0 && options.resourceVersion === "") {
    await cache.waitUntilFresh(signal);
  } else if (wanted > 0 && initial) {
    await waitForRevision(cache, wanted, signal);
  }
  if (!initial && wanted > 0 && wanted < store.cache.historyFloor) {
    throw tooOld(wanted, store.cache.historyFloor);
  }
  return {
    type: "watch",
    definition: store.definition,
    start: (sink) => new RunningWatch(source, prefix, selection, options, timing, sink).start(initial, wanted),
  };
}

function tooOld(wanted: number, floor: number): ApiError {
  return ApiError.expired(`too old resource version: ${wanted} (${floor})`);
}

class RunningWatch {
  readonly #source: ListSource;
  readonly #prefix: string;
  readonly #selection: Selection;
  readonly #options: ListOptions;
  readonly #timing: WatchTiming;
  readonly #sink: WatchSink;
  #stopCache: (() => void) | undefined;
  #bookmarkTimer: Timer | undefined;
  #endTimer: Timer | undefined;
  #ended = false;
  /** Until the receiver has had all that was before: what has come since. */
  #held: CacheEvent[] = [];
  /** Only what is later than this is told. */
  #from = 0;
  #heldMax = Number.POSITIVE_INFINITY;
  #live = false;
  /** Bookmarks promise everything up to them: the revision the watch began after, or the last one sent. */
  #bookmarked = 0;
  #stopWaitingForClose: (() => void) | undefined;
  /** Where objects are converted over a network: the events on their way, in their order. */
  #onTheWay: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(
    source: ListSource,
    prefix: string,
    selection: Selection,
    options: ListOptions,
    timing: WatchTiming,
    sink: WatchSink,
  ) {
    this.#source = source;
    this.#prefix = prefix;
    this.#selection = selection;
    this.#options = options;
    this.#timing = timing;
    this.#sink = sink;
  }

  start(initial: boolean, wanted: number): () => void {
    const { store, cache } = this.#source;
    const from = initial ? cache.revision : wanted === 0 ? cache.revision : wanted;
    this.#from = from;
    this.#bookmarked = from;
    const watcher = {
      prefix: this.#prefix,
      onEvent: (event: CacheEvent) => this.#take(event),
      onLost: () => this.#lost(),
    };
    this.#stopCache = store.cache.watch(watcher, from);
    if (this.#stopCache === undefined) {
      this.#end(tooOld(from, store.cache.historyFloor));
      return () => {};
    }
    this.#heldMax = this.#held.length + maxHeldEvents;
    this.#startTimers();
    const current = initial ? this.#current() : [];
    this.#stopWaitingForClose = store.onClose(() => this.#end(undefined));
    if (store.definition.storedAs?.awaited === undefined) {
      this.#sendInitial(current, 0, from);
    } else {
      this.#convertFirst(current, () => this.#sendInitial(current, 0, from));
    }
    return () => this.#stop();
  }

  /** What there is now; without what cannot be read where that is not asked for. */
  #current(): readonly ServedObject[] {
    const { cache } = this.#source.store;
    const entries = cache.range(this.#prefix);
    const concerned = cache.hasUnreadable
      ? entries.filter(({ key, value }) => value.unreadable === undefined || mayMatch(this.#selection, key))
      : entries;
    return concerned.map(({ value }) => value);
  }

  /** Goes on once these can be shown; where they cannot, the watch ends with the reason. */
  #convertFirst(stored: readonly (ServedObject | undefined)[], next: () => void): void {
    this.#waiting++;
    this.#onTheWay = this.#onTheWay
      .then(() => (this.#ended ? undefined : this.#source.store.ready(stored)))
      .then(
        () => {
          this.#waiting--;
          if (!this.#ended) {
            next();
          }
        },
        (error: unknown) => this.#end(ApiError.from(error)),
      );
  }

  /**
   * The state at `from` as events, as fast as the receiver takes them; what happened since, and happens meanwhile, is held
   * back and follows. Without a receiver that is behind, all of it goes out before this returns.
   */
  #sendInitial(current: readonly ServedObject[], begin: number, from: number): void {
    const { definition } = this.#source.store;
    for (let i = begin; i < current.length && !this.#ended; i++) {
      if (this.#waits(() => this.#sendInitial(current, i, from))) {
        return;
      }
      const { unreadable } = current[i]!;
      if (unreadable !== undefined) {
        this.#end(unreadable.error);
        return;
      }
      const served = servedAs(current[i]!, definition);
      if (this.#selection.everything || this.#selection.matches(served.object)) {
        this.#send({ type: "ADDED", served });
      }
    }
    if (this.#options.sendInitialEvents === true && this.#options.allowWatchBookmarks) {
      this.#send({ type: "BOOKMARK", resourceVersion: String(from), initialEventsEnd: true });
    }
    this.#sendHeld(0);
  }

  #sendHeld(begin: number): void {
    for (let i = begin; i < this.#held.length && !this.#ended; i++) {
      if (this.#waits(() => this.#sendHeld(i))) {
        return;
      }
      this.#tellInOrder(this.#held[i]!);
    }
    this.#held = [];
    this.#live = true;
  }

  /** True where the receiver is behind: `next` goes on once it has caught up. */
  #waits(next: () => void): boolean {
    const caughtUp = this.#sink.behind?.();
    if (caughtUp === undefined) {
      return false;
    }
    void caughtUp.then(next);
    return true;
  }

  #take(event: CacheEvent): void {
    // A watch may begin after a revision that is still to come.
    if (this.#ended || event.revision <= this.#from) {
      return;
    }
    if (this.#live) {
      this.#tellInOrder(event);
    } else if (this.#held.length >= this.#heldMax) {
      this.#end(ApiError.expired("the watcher is too slow: its events piled up"));
    } else {
      this.#held.push(event);
    }
  }

  #tellInOrder(event: CacheEvent): void {
    if (this.#source.store.definition.storedAs?.awaited === undefined) {
      this.#tell(event);
    } else {
      this.#convertFirst([event.served, event.previous], () => this.#tell(event));
    }
  }

  /** With selectors, an object that begins or ceases to match appears as added or deleted (cache_watcher convertToWatchEvent). */
  #tell(event: CacheEvent): void {
    const { definition } = this.#source.store;
    if (event.served.unreadable !== undefined) {
      // Nobody can tell what has happened: whoever watches has to list, and hears there what cannot be read.
      if (mayMatch(this.#selection, event.key)) this.#end(event.served.unreadable.error);
      return;
    }
    if (this.#selection.everything) {
      // The event of the cache is told as it is: one for all its watchers.
      const stored = definition.storedAs === undefined;
      this.#send(stored ? event : { type: event.type, served: servedAs(event.served, definition) });
      return;
    }
    const matched =
      event.previous !== undefined && this.#selection.matches(servedAs(event.previous, definition).object);
    const matches = event.type !== "DELETED" && this.#selection.matches(servedAs(event.served, definition).object);
    if (matches) {
      this.#send({ type: matched ? "MODIFIED" : "ADDED", served: servedAs(event.served, definition) });
    } else if (matched) {
      const left = event.type === "DELETED" ? undefined : servedAs(event.previous!, definition);
      const served = left === undefined ? servedAs(event.served, definition) : servedAtRevision(left, event.revision);
      this.#send({ type: "DELETED", served });
    }
  }

  #send(event: ServedEvent): void {
    if (!this.#ended && !this.#sink.send(event)) {
      this.#stop();
    }
  }

  #startTimers(): void {
    const { clock, random } = this.#timing;
    const { timeoutSeconds, allowWatchBookmarks } = this.#options;
    const timeoutMs =
      timeoutSeconds === undefined || timeoutSeconds <= 0 ? minTimeoutMs * (1 + random.next()) : timeoutSeconds * 1_000;
    if (allowWatchBookmarks) {
      const soon = Math.max(100, timeoutMs - 2_000);
      this.#bookmarkTimer = clock.setTimer(Math.min(soon, bookmarkIntervalMs), () => this.#bookmark()).unref();
    }
    this.#endTimer = clock.setTimer(timeoutMs, () => this.#end(undefined)).unref();
  }

  #bookmark(): void {
    const { revision } = this.#source.cache;
    if (revision > this.#bookmarked && this.#live && this.#waiting === 0) {
      this.#bookmarked = revision;
      this.#send({ type: "BOOKMARK", resourceVersion: String(revision), initialEventsEnd: false });
    }
    if (!this.#ended) {
      this.#bookmarkTimer = this.#timing.clock.setTimer(bookmarkIntervalMs, () => this.#bookmark()).unref();
    }
  }

  #lost(): void {
    this.#end(ApiError.expired("the watch cache was read anew"));
  }

  #end(error: ApiError | undefined): void {
    if (!this.#ended) {
      this.#stop();
      this.#sink.end(error?.status);
    }
  }

  #stop(): void {
    this.#ended = true;
    this.#stopCache?.();
    this.#stopWaitingForClose?.();
    this.#bookmarkTimer?.clear();
    this.#endTimer?.clear();
  }
}
