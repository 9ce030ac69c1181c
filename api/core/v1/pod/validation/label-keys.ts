import { forbidden, invalid } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { validateLabelName } from "../../../../../apimachinery/validation/label-fields.ts";
import type { LabelSelector } from "../../../../generated/types/meta-v1.ts";
import type { Check } from "./check.ts";

/** Keys whose values of the pod itself a selector takes over when the pod is created. */
export interface LabelKeys {
  readonly labelSelector?: LabelSelector;
  readonly matchLabelKeys?: readonly string[];
  readonly mismatchLabelKeys?: readonly string[];
}

/** pkg/apis/core/validation ValidateMatchLabelKeysAndMismatchLabelKeys. */
export function validateMatchLabelKeys(check: Check, keys: LabelKeys, place: Path): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = keys;
  if (matchLabelKeys.length === 0 && mismatchLabelKeys.length === 0) return;
  validateKeys(check, matchLabelKeys, labelSelector, place.child("matchLabelKeys"));
  validateKeys(check, mismatchLabelKeys, labelSelector, place.child("mismatchLabelKeys"));
  // A key that the selector names once was put there from the pod's labels; twice, the user named it too.
  const named = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key = "" } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys.lastIndexOf(key);
    if (i >= 0 && named.has(key)) {
      check.errors.push(invalid(place.index(i), key, "exists in both matchLabelKeys and labelSelector"));
    }
    named.add(key);
  }
  matchLabelKeys.forEach((key, i) => {
    if (!mismatchLabelKeys.includes(key)) return;
    const detail = "exists in both matchLabelKeys and mismatchLabelKeys";
    check.errors.push(invalid(place.child("matchLabelKeys").index(i), key, detail));
  });
}

function validateKeys(check: Check, keys: readonly string[], selector: LabelSelector | undefined, place: Path): void {
  if (keys.length === 0) return;
  if (selector === undefined) {
    check.errors.push(forbidden(place, "must not be specified when labelSelector is not set"));
    return;
  }
  keys.forEach((key, i) => {
    check.errors.push(...validateLabelName(key, place.index(i)));
  });
}
