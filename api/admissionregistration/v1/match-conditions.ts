import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, required, tooMany } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { type Declared, validateExpression } from "./expressions.ts";

const maxConditions = 64;

/** Conditions that a request must meet before anybody is asked about it. */
export function validateMatchConditions(
  conditions: readonly types.MatchCondition[] = [],
  declared: Pick<Declared, "hasParams" | "stored">,
  place: Path,
): readonly FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  if (conditions.length > maxConditions) errors.push(tooMany(place, conditions.length, maxConditions));
  for (const [i, { name = "", expression = "" }] of conditions.entries()) {
    const at = place.index(i);
    const text = expression.trim();
    if (text === "") errors.push(required(at.child("expression")));
    else errors.push(...validateExpression(text, { ...declared, result: "bool" }, at.child("expression")));
    if (name === "") {
      errors.push(required(at.child("name")));
      continue;
    }
    for (const message of isQualifiedName(name)) errors.push(invalid(at.child("name"), name, message));
    if (names.has(name)) errors.push(duplicate(at.child("name"), name));
    names.add(name);
  }
  return errors;
}
