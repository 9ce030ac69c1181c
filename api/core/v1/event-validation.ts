import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { isDNS1123Subdomain } from "../../../apimachinery/validation/dns.ts";
import { validateImmutableField } from "../../../apimachinery/validation/immutable.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { Event } from "../../generated/types/core-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/core/validation/events.go. Paths are those of the form in which events are stored, whatever was asked.

const involvedNamespace = path("involvedObject", "namespace");

/** Rules of every event. `controllerField` is the reporting controller's name in the version that was asked for. */
export function addEventErrors(errors: FieldError[], event: Event, controllerField: string): void {
  const namespace = event.metadata.namespace ?? "";
  const involved = event.involvedObject?.namespace ?? "";
  const mismatch = (): unknown => errors.push(invalid(involvedNamespace, involved, "does not match event.namespace"));
  if (!event.eventTime) {
    // Objects of the whole cluster have their events in "default".
    const agrees = involved === "" ? namespace === "" || namespace === "default" : namespace === involved;
    if (!agrees) mismatch();
  } else {
    if (involved === "" && namespace !== "default" && namespace !== "kube-system") mismatch();
    addReportErrors(errors, event, controllerField);
  }
  addMessages(errors, isDNS1123Subdomain(namespace), path("namespace"), namespace);
}

function addReportErrors(errors: FieldError[], event: Event, controllerField: string): void {
  const controller = event.reportingComponent ?? "";
  if (controller === "") errors.push(required(path(controllerField)));
  addMessages(errors, isQualifiedName(controller), path(controllerField), controller);
  addLengthErrors(errors, "reportingInstance", event.reportingInstance, { required: true, max: 128 });
  addLengthErrors(errors, "action", event.action, { required: true, max: 128 });
  addLengthErrors(errors, "reason", event.reason, { required: true, max: 128 });
  addLengthErrors(errors, "message", event.message, { required: false, max: 1024 });
}

interface Limits {
  readonly required: boolean;
  /** Bytes, though the message speaks of characters. */
  readonly max: number;
}

function addLengthErrors(errors: FieldError[], field: string, text: string | undefined, limits: Limits): void {
  if (limits.required && !text) errors.push(required(path(field)));
  if (text !== undefined && Buffer.byteLength(text) > limits.max) {
    errors.push(invalid(path(field), "", `can have at most ${limits.max} characters`));
  }
}

/** What events.k8s.io/v1 asks of a new event beyond that. */
export function addStrictCreateErrors(errors: FieldError[], event: Event): void {
  addSeriesErrors(errors, event);
  if (!event.eventTime) errors.push(required(path("eventTime")));
  if (event.type !== "Normal" && event.type !== "Warning") {
    errors.push(invalid(path("type"), "", `has invalid value: ${event.type ?? ""}`));
  }
  const unset = (field: string): unknown => errors.push(invalid(path(field), "", "needs to be unset"));
  if (event.firstTimestamp) unset("firstTimestamp");
  if (event.lastTimestamp) unset("lastTimestamp");
  if (event.count) unset("count");
  if (event.source?.component || event.source?.host) unset("source");
}

/** How upstream shows what may not change, by field, in the order of its checks: `reason` is asked twice. */
const immutableFields: readonly (readonly [keyof Event, (value: unknown) => unknown])[] = [
  ["involvedObject", (value) => internalValue("ObjectReference", value ?? {})],
  ["reason", shownText],
  ["message", shownText],
  ["source", (value) => internalValue("EventSource", value ?? {})],
  ["firstTimestamp", shownTime],
  ["lastTimestamp", shownTime],
  ["count", (value) => value ?? 0],
  ["reason", shownText],
  ["type", shownText],
  ["eventTime", shownTime],
  ["action", shownText],
  ["related", (value) => internalValue("ObjectReference", value)],
  ["reportingComponent", shownText],
  ["reportingInstance", shownText],
];

function shownText(value: unknown): unknown {
  return value ?? "";
}

function shownTime(value: unknown): unknown {
  return value ?? null;
}

/** What events.k8s.io/v1 asks of a change: only the series may go on. */
export function addStrictUpdateErrors(errors: FieldError[], event: Event, old: Event): void {
  if (!semanticEqual(event.series, old.series)) addSeriesErrors(errors, event);
  for (const [field, shown] of immutableFields) {
    const name = field === "reportingComponent" ? "reportingController" : field;
    errors.push(...validateImmutableField(shown(event[field]), shown(old[field]), path(name)));
  }
}

function addSeriesErrors(errors: FieldError[], { series }: Event): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) errors.push(invalid(path("series.count"), "", "should be at least 2"));
  if (!series.lastObservedTime) errors.push(required(path("series.lastObservedTime")));
}
