import type { ObjectReference } from "../../api/generated/types/core-v1.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";

export interface EventDetails {
  readonly type: "Normal" | "Warning";
  /** Why, in one word for machines: `FailedScheduling`. */
  readonly reason: string;
  /** For people; core/v1 calls it message, events.k8s.io note. */
  readonly message: string;
  /** What was done or failed, in one word for machines. Of events.k8s.io. */
  readonly action?: string;
  /** A second object that took part. Of events.k8s.io. */
  readonly related?: ApiObject | ObjectReference;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Says what happens to objects. Never waits and never throws; what cannot be written is dropped. */
export interface EventRecorder {
  event(regarding: ApiObject | ObjectReference, details: EventDetails): void;
}

/** Events that wait to be written, before more are dropped (client-go record.maxQueuedEvents). */
export const maxQueuedEvents = 1000;
/** client-go record.maxTriesPerEvent and defaultSleepDuration. */
export const maxTriesPerEvent = 12;
export const retryAfterMs = 10_000;

/** What an event says it is about: the object at its version; a reference is taken as it is. */
export function referenceTo(object: ApiObject | ObjectReference): ObjectReference {
  if (!("metadata" in object)) return object;
  const { apiVersion, kind, metadata } = object as ApiObject;
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    apiVersion,
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}

/** Names for events: `web-1.18a5f3b2c4d0e000`, of the time in nanoseconds (client-go record/util.GenerateEventName). */
export function createEventNamer(clock: Pick<Clock, "now">, random: Random): (about: string) => string {
  // Clocks here count milliseconds; the rest of the nanoseconds tells events of one moment apart.
  let sequence = 0;
  return (about) => {
    sequence = (sequence + 1) % 1_000_000;
    const nanos = BigInt(Math.floor(clock.now())) * 1_000_000n + BigInt(sequence);
    const name = `${about}.${nanos.toString(16)}`;
    return nameIsDNSSubdomain(name, false).length === 0 ? name : random.uuid();
  };
}
