import type { FieldError } from "../../../apimachinery/field/error.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { Column } from "../../../apimachinery/resource/resource.ts";
import { Event as CoreEvent, eventColumns, eventFields, eventTtlSeconds } from "../../core/v1/event.ts";
import { addEventErrors, addStrictCreateErrors, addStrictUpdateErrors } from "../../core/v1/event-validation.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/events-v1.ts";
import { eventFromCore, eventToCore } from "./event-conversion.ts";

// Rules: pkg/apis/core/validation/events.go; pkg/apis/events/v1/conversion.go AddFieldLabelConversionsForEvent.

export type Event = types.Event;

/** Field selectors that this version names otherwise; `source` it does not have. */
function selectors(): Record<string, (event: Event) => string> {
  const result: Record<string, (event: Event) => string> = {};
  for (const [name, read] of Object.entries(eventFields)) {
    if (name === "source") continue;
    const renamed = name
      .replace(/^involvedObject\./, "regarding.")
      .replace("reportingComponent", "reportingController");
    result[renamed] = (event) => read(eventToCore(event));
  }
  return result;
}

function columnOf(column: Column<CoreEvent>): Column<Event> {
  return { ...column, cell: (event, now) => column.cell(eventToCore(event), now) };
}

/** The same events as core/v1's, and stored as those; what comes this way must fulfil stricter rules. */
export const Event = defineResource<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
  shortNames: ["ev"],
  scope: "Namespaced",
  schema: () => definition("io.k8s.api.events.v1.Event"),
  storedAs: {
    definition: () => CoreEvent,
    toStored: eventToCore,
    fromStored: (event: ApiObject) => eventFromCore(event as CoreEvent),
  },
  ttlSeconds: eventTtlSeconds,
  createOnUpdate: true,
  columns: eventColumns.map(columnOf),
  fieldSelectors: selectors(),
  validate(event, old) {
    const errors: FieldError[] = [];
    const stored = eventToCore(event);
    addEventErrors(errors, stored, "reportingController");
    if (old === undefined) addStrictCreateErrors(errors, stored);
    else addStrictUpdateErrors(errors, stored, eventToCore(old));
    return errors;
  },
});
