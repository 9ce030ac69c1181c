import type { Event } from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";
import { TokenBucket } from "../token-bucket.ts";

/** Numbers of client-go tools/record/events_cache.go. */
const cacheEntries = 4096;
const similarEvents = 10;
const similarForMs = 600_000;
const burst = 25;
const perSecond = 1 / 300;

/** What to do with an event. */
export type Correlated =
  | { readonly do: "skip" }
  | { readonly do: "create"; readonly event: Event }
  /** The event is there already: only this changes. */
  | { readonly do: "patch"; readonly event: Event; readonly patch: Pick<Event, "count" | "lastTimestamp" | "message"> };

interface Group {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Seen {
  readonly count: number;
  readonly firstTimestamp: string | undefined;
  readonly name: string | undefined;
}

/**
 * Keeps events from flooding the server (client-go record.EventCorrelator). The same event again raises the count of the
 * first; ten that differ by their message alone, within ten minutes, become one that combines them; and one source may write
 * 25 events about an object, then one in five minutes.
 */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #groups = new LruMap<string, Group>(cacheEntries);
  readonly #seen = new LruMap<string, Seen>(cacheEntries);
  readonly #buckets = new LruMap<string, TokenBucket>(cacheEntries);
  readonly #nameFor: (about: string) => string;

  constructor(clock: Clock, nameFor: (about: string) => string) {
    this.#clock = clock;
    this.#nameFor = nameFor;
  }

  correlate(event: Event): Correlated {
    const { aggregated, key } = this.#aggregate(event);
    const last = this.#seen.get(key);
    const count = last === undefined ? (aggregated.count ?? 1) : last.count + 1;
    const observed: Event =
      last === undefined
        ? aggregated
        : {
            ...aggregated,
            count,
            ...(last.firstTimestamp === undefined ? {} : { firstTimestamp: last.firstTimestamp }),
            metadata: { ...aggregated.metadata, ...(last.name === undefined ? {} : { name: last.name }) },
          };
    this.#remember(key, observed);
    if (!this.#admitted(observed)) return { do: "skip" };
    if (last === undefined) return { do: "create", event: observed };
    const { lastTimestamp, message } = observed;
    const patch = {
      count,
      ...(lastTimestamp === undefined ? {} : { lastTimestamp }),
      ...(message === undefined ? {} : { message }),
    };
    return { do: "patch", event: observed, patch };
  }

  /** The server's answer to a write: its name and count are the ones that hold. */
  written(event: Event): void {
    this.#remember(eventKey(event), event);
  }

  #remember(key: string, { count, firstTimestamp, metadata }: Event): void {
    this.#seen.set(key, { count: count ?? 1, firstTimestamp, name: metadata.name });
  }

  #aggregate(event: Event): { readonly aggregated: Event; readonly key: string } {
    const nowMs = this.#clock.now();
    const key = groupKey(event);
    let group = this.#groups.get(key);
    if (group === undefined || nowMs - group.lastMs > similarForMs) group = { messages: new Set(), lastMs: nowMs };
    group.messages.add(event.message ?? "");
    group.lastMs = nowMs;
    this.#groups.set(key, group);
    if (group.messages.size < similarEvents) return { aggregated: event, key: eventKey(event) };
    for (const message of group.messages) {
      // The set need not grow beyond what makes a group.
      group.messages.delete(message);
      break;
    }
    const { namespace } = event.metadata;
    const now = formatTime(nowMs);
    const aggregated: Event = {
      ...event,
      metadata: {
        name: this.#nameFor(event.involvedObject.name ?? ""),
        ...(namespace === undefined ? {} : { namespace }),
      },
      message: `(combined from similar events): ${event.message ?? ""}`,
      count: 1,
      firstTimestamp: now,
      lastTimestamp: now,
    };
    return { aggregated, key };
  }

  #admitted(event: Event): boolean {
    const key = spamKey(event);
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = new TokenBucket({ clock: this.#clock, perSecond, burst });
      this.#buckets.set(key, bucket);
    }
    return bucket.tryTake();
  }
}

/** Source, object and type: who writes about what. */
function spamKey({ source, involvedObject: about, type }: Event): string {
  return [
    source?.component,
    source?.host,
    about.kind,
    about.namespace,
    about.name,
    about.uid,
    about.apiVersion,
    type,
  ].join("\0");
}

function groupKey(event: Event): string {
  return [spamKey(event), event.reason, event.reportingComponent, event.reportingInstance].join("\0");
}

function eventKey(event: Event): string {
  return [spamKey(event), event.involvedObject.fieldPath, event.reason, event.message].join("\0");
}
