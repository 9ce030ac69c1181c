import type { Event as CoreEvent } from "../../generated/types/core-v1.ts";
import type { Event } from "../../generated/types/events-v1.ts";

// Names that differ between the two versions: pkg/apis/events/v1/conversion.go.

const coreNames = {
  regarding: "involvedObject",
  note: "message",
  reportingController: "reportingComponent",
  deprecatedSource: "source",
  deprecatedFirstTimestamp: "firstTimestamp",
  deprecatedLastTimestamp: "lastTimestamp",
  deprecatedCount: "count",
} as const satisfies Partial<Record<keyof Event, keyof CoreEvent>>;

const namesFromCore: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(coreNames).map(([name, core]) => [core, name]),
);

function rename(object: object, names: Readonly<Record<string, string>>, apiVersion: string): object {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(object)) {
    if (value !== undefined) result[names[name] ?? name] = value;
  }
  result["apiVersion"] = apiVersion;
  return result;
}

/** The event as it is stored. Total: what is absent stays absent. */
export function eventToCore(event: Event): CoreEvent {
  return rename(event, coreNames, "v1") as CoreEvent;
}

/** A stored event as events.k8s.io/v1 shows it. */
export function eventFromCore(event: CoreEvent): Event {
  return rename(event, namesFromCore, "events.k8s.io/v1") as Event;
}
