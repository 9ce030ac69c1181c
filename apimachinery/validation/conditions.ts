import type { FieldError } from "../field/error.ts";
import { duplicate, invalid, notSupported, required, tooLong } from "../field/errors.ts";
import type { Path } from "../field/path.ts";
import { byteLength } from "../text/go-quote.ts";
import { validateLabelName } from "./label-fields.ts";
import { patternMessage } from "./messages.ts";

// Rules and texts: apimachinery/pkg/apis/meta/v1/validation/validation.go.

/** metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
  readonly reason: string;
  readonly message: string;
}

const maxReasonBytes = 1024;
const maxMessageBytes = 32 * 1024;
const reasonFormat = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?";
const reasonPattern = new RegExp(`^${reasonFormat}$`);
const reasonRule =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

function validateReason(reason: string, place: Path): FieldError[] {
  if (reason === "") return [required(place)];
  const errors: FieldError[] = [];
  if (!reasonPattern.test(reason)) {
    const examples = ["my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB"];
    errors.push(invalid(place, reason, patternMessage(reasonRule, reasonFormat, ...examples)));
  }
  if (byteLength(reason) > maxReasonBytes) errors.push(tooLong(place, maxReasonBytes));
  return errors;
}

function validateCondition(condition: Condition, place: Path): readonly FieldError[] {
  const errors = [...validateLabelName(condition.type ?? "", place.child("type"))];
  const statuses = ["False", "True", "Unknown"];
  if (!statuses.includes(condition.status))
    errors.push(notSupported(place.child("status"), condition.status ?? "", statuses));
  const generation = condition.observedGeneration ?? 0;
  if (generation < 0) {
    errors.push(invalid(place.child("observedGeneration"), generation, "must be greater than or equal to zero"));
  }
  if (!condition.lastTransitionTime) errors.push(required(place.child("lastTransitionTime")));
  errors.push(...validateReason(condition.reason ?? "", place.child("reason")));
  if (byteLength(condition.message ?? "") > maxMessageBytes)
    errors.push(tooLong(place.child("message"), maxMessageBytes));
  return errors;
}

/** A list of conditions: each good, no type twice. */
export function validateConditions(conditions: readonly Condition[], place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, condition] of conditions.entries()) {
    if (seen.has(condition.type)) errors.push(duplicate(place.index(i).child("type"), condition.type));
    seen.add(condition.type);
    errors.push(...validateCondition(condition, place.index(i)));
  }
  return errors;
}
