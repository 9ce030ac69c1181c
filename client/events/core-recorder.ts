import type { Event, ObjectReference } from "../../api/generated/types/core-v1.ts";
import { apiErrorOf, isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { onAbort } from "../../base/cancellation.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { BoundedQueue } from "../../base/queue.ts";
import type { Random } from "../../base/random.ts";
import type { ResourceClient } from "../resource-client.ts";
import { type Correlated, EventCorrelator } from "./correlator.ts";
import {
  createEventNamer,
  type EventDetails,
  type EventRecorder,
  maxQueuedEvents,
  maxTriesPerEvent,
  referenceTo,
  retryAfterMs,
} from "./recorder.ts";

export interface RecorderOptions<E extends ApiObject> {
  /** Of events, in no namespace: each goes to its object's. */
  readonly client: ResourceClient<E>;
  /** `kubelet`, `replicaset-controller`. */
  readonly component: string;
  /** The node, for what runs on one. */
  readonly host?: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Writes core/v1 Events, as the kubelet and the controllers do (client-go tools/record). */
export class CoreEventRecorder implements EventRecorder {
  readonly #options: RecorderOptions<Event>;
  readonly #queue = new BoundedQueue<Event>(maxQueuedEvents);
  readonly #correlator: EventCorrelator;
  readonly #nameFor: (about: string) => string;

  constructor(options: RecorderOptions<Event>) {
    this.#options = options;
    this.#nameFor = createEventNamer(options.clock, options.random);
    this.#correlator = new EventCorrelator(options.clock, this.#nameFor);
  }

  event(regarding: ApiObject | ObjectReference, details: EventDetails): void {
    const event = this.#make(referenceTo(regarding), details);
    if (!this.#queue.push(event)) this.#options.logger.debug("Event dropped", { reason: details.reason });
  }

  /** Writes events until `signal` aborts; those that wait then are dropped. To be called once. */
  async run(signal: AbortSignal): Promise<void> {
    using _ = onAbort(signal, () => this.#queue.close());
    for await (const event of this.#queue) {
      if (signal.aborted) return;
      await this.#record(this.#correlator.correlate(event), signal);
    }
  }

  #make(involvedObject: ObjectReference, { type, reason, message, annotations }: EventDetails): Event {
    const { component, host = "", clock } = this.#options;
    const now = formatTime(clock.now());
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: this.#nameFor(involvedObject.name ?? ""),
        namespace: involvedObject.namespace || "default",
        ...(annotations === undefined ? {} : { annotations }),
      },
      involvedObject,
      reason,
      message,
      type,
      source: { component, ...(host === "" ? {} : { host }) },
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      reportingComponent: component,
      reportingInstance: host,
    };
  }

  async #record(correlated: Correlated, signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.#options;
    if (correlated.do === "skip") return;
    const { reason } = correlated.event;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        this.#correlator.written(await this.#write(correlated, signal));
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (apiErrorOf(error) !== undefined) {
          logger.debug("Server rejected event (will not retry!)", { reason, error });
          return;
        }
        if (tries >= maxTriesPerEvent) {
          logger.error("Unable to write event (retry limit exceeded!)", { reason, error });
          return;
        }
        // The first wait is random, so that not all come back at once when a server does.
        await clock.sleep(tries === 1 ? retryAfterMs * random.next() : retryAfterMs, signal).catch(() => {}); // Aborted: the loop ends.
      }
    }
  }

  async #write(correlated: Exclude<Correlated, { do: "skip" }>, signal: AbortSignal): Promise<Event> {
    const { event } = correlated;
    const client = this.#options.client.namespace(event.metadata.namespace ?? "default");
    if (correlated.do === "patch") {
      try {
        return await client.patch(event.metadata.name ?? "", { type: "strategic", body: correlated.patch }, { signal });
      } catch (error) {
        if (!isNotFound(error)) throw error;
        // Events disappear by themselves after a while: this one begins anew, with the count it had.
      }
    }
    return client.create(event, { signal });
  }
}
