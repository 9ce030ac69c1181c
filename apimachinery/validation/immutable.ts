import type { FieldError } from "../field/error.ts";
import { invalid } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { semanticEqual } from "../json/equal.ts";

export const immutableMessage = "field is immutable";
export const negativeMessage = "must be greater than or equal to 0";

/** The field may not change (validation.ValidateImmutableField). */
export function validateImmutableField(newValue: unknown, oldValue: unknown, place: Path): readonly FieldError[] {
  return semanticEqual(oldValue, newValue) ? [] : [invalid(place, newValue, immutableMessage)];
}

export function validateNonnegativeField(value: number, place: Path): readonly FieldError[] {
  return value < 0 ? [invalid(place, value, negativeMessage)] : [];
}
