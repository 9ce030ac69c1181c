import {
  isBadRequest,
  isExpired,
  isInvalid,
  isTimeout,
  isTooManyRequests,
  statusCause,
  suggestedDelaySeconds,
} from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { WatchEvent } from "../apimachinery/resource/transport.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import { Backoff } from "./backoff.ts";
import { listWhole } from "./pager.ts";
import type { ResourceClient } from "./resource-client.ts";
import { objectKey } from "./store/indexer.ts";
import { isTransientWatchError } from "./watch-errors.ts";

/** Where a reflector puts what it sees. Calls come in the server's order and must not throw. */
export interface ReflectorStore<T> {
  /** Everything there is, as of `resourceVersion`: what is not in it is gone. */
  replace(objects: readonly T[], resourceVersion: string): void;
  /** Added or changed. */
  set(object: T): void;
  /** `object` is its last state. */
  delete(object: T): void;
  /** Nothing but the version has moved on. Called after each of the others too. */
  observed(resourceVersion: string): void;
}

export interface ReflectorOptions<T extends ApiObject> {
  readonly client: Pick<ResourceClient<T>, "list" | "watch" | "identity">;
  readonly store: ReflectorStore<T>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Ask for the initial objects as a watch (KEP-3157). Default true; a server that cannot is listed. */
  readonly watchList?: boolean;
  /** Objects a page of the initial list. Default 500. */
  readonly pageSize?: number;
  /** First wait after a failure, doubling to 30 s. Default 200 ms (upstream 800: here most servers are near). */
  readonly initialBackoffMs?: number;
}

/** Marks the bookmark that ends the initial objects of a watch (metav1.InitialEventsAnnotationKey). */
const initialEventsEnd = "k8s.io/initial-events-end";

/** A watch that ended sooner, with nothing to say, counts as failed (client-go VeryShortWatchError). */
const veryShortMs = 1000;

type ObjectEvent<T> = Exclude<WatchEvent<T>, { readonly type: "BOOKMARK" }>;

/**
 * Keeps a store equal to the server's objects: reads all, then watches from there, for ever (client-go tools/cache Reflector).
 *
 * Guarantees: the store sees each object's states in the server's order, though not each state; after any interruption it
 * catches up, by watching on from the last version or, where the server has forgotten that, by reading all anew.
 */
export class Reflector<T extends ApiObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  readonly #logger: Logger;
  #watchList: boolean;
  #resourceVersion = "";
  /** The server did not have `#resourceVersion` when last asked: ask for the newest. */
  #versionUnavailable = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#watchList = options.watchList ?? true;
    this.#logger = options.logger.child({ resource: options.client.identity.plural });
    this.#backoff = new Backoff({
      clock: options.clock,
      random: options.random,
      initialMs: options.initialBackoffMs ?? 200,
      maxMs: 30_000,
      resetAfterMs: 120_000,
    });
  }

  /** The version up to which the store is complete; "" before the first read. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Works until `signal` aborts. Rejects only for what the store threw. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#watchList) await this.#watch(signal, { initial: true });
        else await this.#list(signal);
        while (!signal.aborted) await this.#watch(signal, { initial: false });
      } catch (error) {
        if (error instanceof StoreError) throw error.cause;
        if (!signal.aborted) await this.#failed(error, signal);
      }
    }
  }

  /** What to do next is in the fields; this waits as long as the failure asks for. */
  async #failed(error: unknown, signal: AbortSignal): Promise<void> {
    if (isExpired(error) || isTooLargeResourceVersion(error)) {
      this.#versionUnavailable = true;
      this.#logger.debug("Resource version is unavailable, reading all anew", { error });
    } else if (this.#watchList && (isInvalid(error) || isBadRequest(error))) {
      this.#watchList = false;
      this.#logger.debug("Server does not send initial events, listing instead", { error });
      return;
    } else {
      this.#logger.warn("Reading failed", { error });
    }
    await this.#wait(error, signal);
  }

  async #wait(error: unknown, signal: AbortSignal): Promise<void> {
    const waitMs = Math.max(this.#backoff.nextMs(), (suggestedDelaySeconds(error) ?? 0) * 1000);
    await this.#options.clock.sleep(waitMs, signal).catch(() => {}); // It rejects only on abort, which callers look at.
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, store, labelSelector, fieldSelector, pageSize } = this.#options;
    const resourceVersion = this.#versionUnavailable ? "" : this.#resourceVersion || "0";
    const list = await listWhole((options) => client.list(options), {
      labelSelector,
      fieldSelector,
      signal,
      resourceVersion,
      // A server with a watch cache serves a list of a known version only without a limit from it.
      pageSize: resourceVersion === "" || resourceVersion === "0" ? (pageSize ?? 500) : 0,
    });
    const version = list.metadata.resourceVersion ?? "";
    guarded(() => store.replace(list.items, version));
    this.#versionUnavailable = false;
    this.#moveTo(version);
  }

  /** One watch. With `initial` it begins with all objects, up to a bookmark. Returns where the next one may follow on. */
  async #watch(signal: AbortSignal, { initial }: { readonly initial: boolean }): Promise<void> {
    const { client, clock, random, labelSelector, fieldSelector } = this.#options;
    const startMs = clock.monotonicMs();
    const resourceVersion = initial && this.#versionUnavailable ? "" : this.#resourceVersion;
    // Watches end by themselves, at different times, so that none hangs for ever and the load spreads.
    const timeoutSeconds = 300 + random.below(300);
    let events = 0;
    let gathered: Map<string, T> | undefined = initial ? new Map() : undefined;
    try {
      for await (const event of client.watch({
        labelSelector,
        fieldSelector,
        signal,
        timeoutSeconds,
        allowWatchBookmarks: true,
        ...(resourceVersion === "" ? {} : { resourceVersion }),
        ...(initial ? { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan" as const } : {}),
      })) {
        events++;
        if (gathered === undefined) this.#apply(event);
        else if (event.type !== "BOOKMARK") gather(gathered, event);
        else if (event.object.metadata.annotations?.[initialEventsEnd] === "true") {
          const objects = [...gathered.values()];
          gathered = undefined;
          guarded(() => this.#options.store.replace(objects, event.object.metadata.resourceVersion));
          this.#versionUnavailable = false;
          this.#moveTo(event.object.metadata.resourceVersion);
        }
      }
    } catch (error) {
      // Without the initial objects there is nothing to follow on from.
      if (error instanceof StoreError || gathered !== undefined || signal.aborted || !isTransientWatchError(error))
        throw error;
      if (!isTooManyRequests(error)) this.#logger.debug("Watch failed, watching on", { error });
      return this.#wait(error, signal);
    }
    if (signal.aborted) return;
    if (gathered !== undefined) throw new Error("the watch ended before its initial events did");
    if (events === 0 && clock.monotonicMs() - startMs < veryShortMs) await this.#wait(undefined, signal);
  }

  #apply(event: WatchEvent<T>): void {
    const { store } = this.#options;
    if (event.type === "DELETED") guarded(() => store.delete(event.object));
    else if (event.type !== "BOOKMARK") guarded(() => store.set(event.object));
    this.#moveTo(event.object.metadata.resourceVersion ?? "");
  }

  #moveTo(resourceVersion: string): void {
    if (resourceVersion === "") return;
    this.#resourceVersion = resourceVersion;
    guarded(() => this.#options.store.observed(resourceVersion));
  }
}

function gather<T extends ApiObject>(gathered: Map<string, T>, { type, object }: ObjectEvent<T>): void {
  if (type === "DELETED") gathered.delete(objectKey(object));
  else gathered.set(objectKey(object), object);
}

/** Keeps what a store throws apart from what a server answers: the one is a bug, the other the weather. */
class StoreError extends Error {}

function guarded(fn: () => void): void {
  try {
    fn();
  } catch (cause) {
    throw new StoreError("the store failed", { cause });
  }
}

/** The server has not come to this version yet: its store was restored, or another server answers (storage.NewTooLargeResourceVersionError). */
function isTooLargeResourceVersion(error: unknown): boolean {
  return isTimeout(error) && statusCause(error, "ResourceVersionTooLarge") !== undefined;
}
