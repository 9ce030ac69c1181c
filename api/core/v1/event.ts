import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { Column } from "../../../apimachinery/resource/resource.ts";
import { ageOf } from "../../../apimachinery/time/time.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { nameColumn, textColumn, wideColumn } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { addEventErrors } from "./event-validation.ts";

// Rules: pkg/registry/core/event/strategy.go, pkg/printers/internalversion/printers.go printEvent.

export type Event = types.Event;

/** Seconds that an event is kept (kube-apiserver's --event-ttl). */
export const eventTtlSeconds = 3600;

export const eventColumns: readonly Column<Event>[] = [
  textColumn("Last Seen", lastSeen),
  textColumn("Type", ({ type }) => type ?? ""),
  textColumn("Reason", ({ reason }) => reason ?? ""),
  textColumn("Object", objectText),
  wideColumn("Subobject", ({ involvedObject }) => involvedObject?.fieldPath ?? ""),
  wideColumn("Source", sourceText),
  textColumn("Message", ({ message }) => (message ?? "").trim()),
  wideColumn("First Seen", firstSeen),
  { name: "Count", type: "string", priority: 1, cell: ({ series, count }) => series?.count ?? (count || 1) },
  { ...nameColumn, priority: 1 },
];

/** What fields of an event can be asked for, by their names in core/v1. */
export const eventFields: Readonly<Record<string, (event: Event) => string>> = {
  "involvedObject.kind": ({ involvedObject }) => involvedObject?.kind ?? "",
  "involvedObject.namespace": ({ involvedObject }) => involvedObject?.namespace ?? "",
  "involvedObject.name": ({ involvedObject }) => involvedObject?.name ?? "",
  "involvedObject.uid": ({ involvedObject }) => involvedObject?.uid ?? "",
  "involvedObject.apiVersion": ({ involvedObject }) => involvedObject?.apiVersion ?? "",
  "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject?.resourceVersion ?? "",
  "involvedObject.fieldPath": ({ involvedObject }) => involvedObject?.fieldPath ?? "",
  reason: ({ reason }) => reason ?? "",
  reportingComponent: ({ reportingComponent }) => reportingComponent ?? "",
  source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ""),
  type: ({ type }) => type ?? "",
};

export const Event = defineResource<Event>({
  group: "",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.core.v1.Event"),
  validateName: pathSegmentName,
  ttlSeconds: eventTtlSeconds,
  createOnUpdate: true,
  columns: eventColumns,
  fieldSelectors: eventFields,
  validate(event) {
    const errors: FieldError[] = [];
    addEventErrors(errors, event, "reportingComponent");
    return errors;
  },
});

function firstSeen({ firstTimestamp, eventTime }: Event, now: number): string {
  return ageOf(firstTimestamp ?? eventTime, now);
}

function lastSeen(event: Event, now: number): string {
  if (event.series) return ageOf(event.series.lastObservedTime, now);
  return event.lastTimestamp ? ageOf(event.lastTimestamp, now) : firstSeen(event, now);
}

function objectText({ involvedObject }: Event): string {
  const kind = (involvedObject?.kind ?? "").toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || (reportingComponent ?? "");
  const instance = source?.host || (reportingInstance ?? "");
  return instance === "" ? component : `${component}, ${instance}`;
}
