import type { FieldError } from "../../../../apimachinery/field/error.ts";
import { duplicate, invalid, required, tooMany } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { FieldPathError, type FoundField, findField } from "../../../../apimachinery/structural/field-path.ts";
import type { Props } from "../../../../apimachinery/structural/props.ts";
import type { SelectableField } from "../../../generated/types/apiextensions-v1.ts";

export const maxSelectableFields = 8;
const types = ["string", "boolean", "integer"];

/** Fields that `fieldSelector` may name. */
export function* selectableFieldErrors(
  fields: readonly SelectableField[],
  props: Props,
  place: Path,
  allowTooMany: boolean,
): Generator<FieldError> {
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = place.index(i).child("jsonPath");
    if (!jsonPath) {
      yield required(at);
      continue;
    }
    const found = follow(jsonPath, props);
    if (typeof found === "string") {
      yield invalid(at, jsonPath, `is an invalid path: ${found}`);
      continue;
    }
    if (found.root === "metadata") yield invalid(at, jsonPath, "must not point to fields in metadata");
    if (!types.includes(found.props?.type ?? "")) {
      const detail =
        "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
      yield invalid(at, jsonPath, detail);
    }
    const path = String(found.path);
    if (seen.has(path)) yield duplicate(at, jsonPath);
    seen.add(path);
  }
  if (seen.size > maxSelectableFields && !allowTooMany) yield tooMany(place, seen.size, maxSelectableFields);
}

function follow(text: string, props: Props): FoundField | string {
  try {
    return findField(text, props, false);
  } catch (error) {
    if (error instanceof FieldPathError) return error.message;
    throw error;
  }
}
