import { forbidden, invalid, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import { compareQuantities } from "../../../core/v1/pod/resource-list.ts";
import type { CapacityRequestPolicy, CapacityRequestPolicyRange } from "../../../generated/types/resource-v1.ts";
import { addListErrors, type Errors } from "./common.ts";

// How much of a device's capacity one claim may get: pkg/apis/resource/validation validateRequestPolicy.

const maxOptions = 10;

export function addPolicyErrors(errors: Errors, policy: CapacityRequestPolicy, capacity: string, place: Path): void {
  const { default: normal, validValues = [], validRange } = policy;
  const said = validValues.length > 0 ? "validValues" : "validRange";
  if (validValues.length > 0 && validRange !== undefined) {
    const detail =
      'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time';
    errors.push(forbidden(place, detail));
  } else if (validValues.length === 0 && validRange === undefined) return;
  else if (normal === undefined) errors.push(required(place.child("default"), `required when ${said} is defined`));
  else if (validRange !== undefined) addRangeErrors(errors, validRange, { normal, capacity }, place.child(said));
  else addValuesErrors(errors, validValues, { normal, capacity }, place.child(said));
}

interface Amounts {
  /** Of claims that say nothing. */
  readonly normal: string;
  readonly capacity: string;
}

function addValuesErrors(errors: Errors, values: readonly string[], { normal, capacity }: Amounts, place: Path): void {
  for (const [i, value] of values.entries()) {
    if (i === 0 || compareQuantities(values[i - 1]!, value) <= 0) continue;
    errors.push(invalid(place.index(i), value, "values must be sorted in ascending order"));
  }
  addListErrors(errors, values, place, {
    max: maxOptions,
    key: (value) => String(Quantity.parse(value).value()),
    each(found, value, at) {
      if (compareQuantities(value, capacity) <= 0) return;
      found.push(invalid(at, value, `option is larger than capacity value: ${capacity}`));
    },
  });
  const judged = values.length <= maxOptions ? values : [];
  if (!judged.some((value) => compareQuantities(value, normal) === 0)) {
    errors.push(invalid(place, normal, "default value is not valid according to the requestPolicy"));
  }
}

function addRangeErrors(
  errors: Errors,
  range: Partial<CapacityRequestPolicyRange>,
  amounts: Amounts,
  place: Path,
): void {
  const { min, max, step } = range;
  const { normal, capacity } = amounts;
  const minPlace = place.child("min");
  if (min === undefined) {
    errors.push(required(minPlace, "required when validRange is defined"));
    return;
  }
  const above = compareQuantities;
  if (above(min, capacity) > 0) {
    errors.push(invalid(minPlace, min, `min is larger than capacity value: ${capacity}`));
  }
  if (above(min, normal) > 0) errors.push(invalid(minPlace, normal, `default is less than min: ${min}`));
  if (max !== undefined) {
    const at = place.child("max");
    if (above(min, max) > 0) errors.push(invalid(at, min, `min is larger than max: ${max}`));
    if (above(max, capacity) > 0) errors.push(invalid(at, max, `max is larger than capacity value: ${capacity}`));
    if (above(normal, max) > 0) errors.push(invalid(at, normal, `default is more than max: ${max}`));
  }
  if (step === undefined) return;
  const at = place.child("step");
  const one = String(Quantity.parse(min).add(Quantity.parse(step)));
  if (above(one, capacity) > 0) {
    errors.push(invalid(at, step, `one step ${one} is larger than capacity value: ${capacity}`));
  }
  for (const value of [normal, max]) if (value !== undefined) addStepErrors(errors, value, { min, step }, at);
}

function addStepErrors(errors: Errors, value: string, { min, step }: { min: string; step: string }, place: Path): void {
  const [wanted, first, each] = [value, min, step].map((text) => Quantity.parse(text).scaledBigInt());
  // A step of nothing has no multiples.
  if (each !== 0n && (wanted! - first!) % each! === 0n) return;
  errors.push(invalid(place, value, `value is not a multiple of a given step (${step}) from (${min})`));
}
