import type { ObjectReference } from "../../api/generated/types/core-v1.ts";
import type { Event } from "../../api/generated/types/events-v1.ts";
import { apiErrorOf, isAlreadyExists, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { formatMicroTime } from "../../apimachinery/time/time.ts";
import { onAbort } from "../../base/cancellation.ts";
import { LruMap } from "../../base/lru-map.ts";
import { BoundedQueue } from "../../base/queue.ts";
import { TaskGroup } from "../../base/task-group.ts";
import type { RecorderOptions } from "./core-recorder.ts";
import {
  createEventNamer,
  type EventDetails,
  type EventRecorder,
  maxQueuedEvents,
  maxTriesPerEvent,
  referenceTo,
  retryAfterMs,
} from "./recorder.ts";

/** client-go tools/events: series are refreshed before they expire at the server, and end after being quiet. */
const refreshAfterMs = 30 * 60_000;
const finishAfterMs = 6 * 60_000;
/** Events remembered so that the next one like them becomes their series. */
const maxRemembered = 10_000;
const writers = 4;

interface Remembered {
  event: Event;
  /** Of the last occurrence. */
  lastMs: number;
}

/**
 * Writes events.k8s.io/v1 Events, as the scheduler does (client-go tools/events). The first of its kind is written, the second
 * makes it a series; from then on they are only counted, and the count is written from time to time and at the end.
 */
export class SeriesEventRecorder implements EventRecorder {
  readonly #options: RecorderOptions<Event>;
  readonly #queue = new BoundedQueue<Event>(maxQueuedEvents);
  readonly #remembered = new LruMap<string, Remembered>(maxRemembered);
  readonly #nameFor: (about: string) => string;

  constructor(options: RecorderOptions<Event>) {
    this.#options = options;
    this.#nameFor = createEventNamer(options.clock, options.random);
  }

  event(regarding: ApiObject | ObjectReference, details: EventDetails): void {
    const event = this.#make(referenceTo(regarding), details);
    const toWrite = this.#remember(event);
    if (toWrite === undefined || this.#queue.push(toWrite)) return;
    this.#remembered.delete(isomorphicKey(event));
    this.#options.logger.debug("Event dropped", { reason: details.reason });
  }

  /** Writes events until `signal` aborts; those that wait then are dropped. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    using _ = onAbort(signal, () => this.#queue.close());
    const group = new TaskGroup(signal);
    for (let i = 0; i < writers; i++) group.start((inner) => this.#writeQueued(inner));
    group.start((inner) => this.#every(refreshAfterMs, inner, () => this.#refresh(inner)));
    group.start((inner) => this.#every(finishAfterMs, inner, () => this.#finish(inner)));
    await group.wait();
  }

  #make(regarding: ObjectReference, { type, reason, message, action, related, annotations }: EventDetails): Event {
    const { component, host = "", clock } = this.#options;
    return {
      apiVersion: "events.k8s.io/v1",
      kind: "Event",
      metadata: {
        name: this.#nameFor(regarding.name ?? ""),
        namespace: regarding.namespace || "default",
        ...(annotations === undefined ? {} : { annotations }),
      },
      eventTime: formatMicroTime(clock.now()),
      regarding,
      ...(related === undefined ? {} : { related: referenceTo(related) }),
      reason,
      note: message,
      type,
      action: action ?? "",
      reportingController: component,
      reportingInstance: `${component}-${host}`,
      deprecatedSource: {},
    };
  }

  /** What has to be written for this occurrence, if anything. */
  #remember(event: Event): Event | undefined {
    const key = isomorphicKey(event);
    const nowMs = this.#options.clock.now();
    const known = this.#remembered.get(key);
    if (known === undefined) {
      this.#remembered.set(key, { event, lastMs: nowMs });
      return event;
    }
    const count = known.event.series?.count;
    known.event = { ...known.event, series: { count: (count ?? 1) + 1, lastObservedTime: formatMicroTime(nowMs) } };
    known.lastMs = nowMs;
    return count === undefined ? known.event : undefined;
  }

  async #writeQueued(signal: AbortSignal): Promise<void> {
    for (let next = await this.#queue.next(); !next.done; next = await this.#queue.next()) {
      if (signal.aborted) return;
      await this.#attempt(next.value, signal);
    }
  }

  async #every(periodMs: number, signal: AbortSignal, work: () => Promise<void>): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(periodMs, signal);
      await work();
    }
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    for (const [, { event }] of [...this.#remembered.entries()]) {
      if (event.series !== undefined) await this.#record(event, signal);
    }
  }

  async #finish(signal: AbortSignal): Promise<void> {
    const quietSinceMs = this.#options.clock.now() - finishAfterMs;
    for (const [key, { event, lastMs }] of [...this.#remembered.entries()]) {
      if (lastMs >= quietSinceMs) continue;
      if (event.series === undefined || (await this.#record(event, signal)) === "done") this.#remembered.delete(key);
    }
  }

  async #attempt(event: Event, signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#options;
    for (let tries = 1; !signal.aborted; tries++) {
      if ((await this.#record(event, signal)) === "done") return;
      if (tries >= maxTriesPerEvent) {
        logger.error("Unable to write event (retry limit exceeded!)", { reason: event.reason });
        return;
      }
      await clock.sleep(retryAfterMs * (1 + 0.25 * random.next()), signal).catch(() => {}); // Aborted: the loop ends.
    }
  }

  async #record(event: Event, signal: AbortSignal): Promise<"done" | "again"> {
    const { logger } = this.#options;
    try {
      await this.#write(event, signal);
      return "done";
    } catch (error) {
      if (signal.aborted) return "done";
      // A series whose first event is still on its way was missing just now, and is there now.
      if (event.series !== undefined && isAlreadyExists(error)) return "again";
      if (apiErrorOf(error) === undefined) {
        logger.warn("Unable to write event (may retry after sleeping)", { reason: event.reason, error });
        return "again";
      }
      logger.debug("Server rejected event (will not retry!)", { reason: event.reason, error });
      return "done";
    }
  }

  async #write(event: Event, signal: AbortSignal): Promise<void> {
    const { name = "", namespace = "default" } = event.metadata;
    const client = this.#options.client.namespace(namespace);
    if (event.series !== undefined) {
      try {
        await client.patch(name, { type: "strategic", body: { series: event.series } }, { signal });
        return;
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
    await client.create(event, { signal });
  }
}

/** Events with the same key are one series. */
function isomorphicKey({
  type,
  action,
  reason,
  reportingController,
  reportingInstance,
  regarding,
  related,
}: Event): string {
  return JSON.stringify([type, action, reason, reportingController, reportingInstance, regarding, related]);
}
