import type { JsonObject } from "../json/json.ts";
import type { ManagedFieldsEntry } from "../resource/object.ts";
import { entriesOf, withManagedFields } from "./managers.ts";
import { equalValues } from "./structure.ts";

/**
 * The object to store after all changes have been made to it, with the times of managers taken back where nothing but times
 * differs from the old object: such a write would only be noise. Then `before` itself is returned, and nothing needs to be
 * stored (apiserver/pkg/endpoints/handlers/fieldmanager/equality.go). `equal` compares the rest of the objects.
 */
export function ignoringTimes(
  before: JsonObject,
  after: JsonObject,
  equal: (a: JsonObject, b: JsonObject) => boolean = equalValues,
): JsonObject {
  const old = entriesOf(before) ?? [];
  const current = entriesOf(after) ?? [];
  if (old.length !== current.length || current.length === 0) return after;
  if (current.every((entry, i) => entry.time === old[i]?.time)) return after;
  if (!current.every((entry, i) => equalButTime(entry, old[i]!))) return after;
  return equal(withManagedFields(before, undefined), withManagedFields(after, undefined)) ? before : after;
}

function equalButTime(a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.apiVersion === b.apiVersion &&
    a.subresource === b.subresource &&
    a.fieldsType === b.fieldsType &&
    equalValues(a.fieldsV1 as JsonObject | undefined, b.fieldsV1 as JsonObject | undefined)
  );
}
