import { duplicate, invalid, required } from "../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../apimachinery/field/path.ts";
import { validateLabelName } from "../../../../apimachinery/validation/label-fields.ts";
import { isValidLabelValue } from "../../../../apimachinery/validation/labels.ts";
import type { Taint } from "../../../generated/types/core-v1.ts";
import { internalValue } from "../../../internal-values.ts";
import type { Check } from "../pod/validation/check.ts";
import { validateTaintEffect } from "../pod/validation/scheduling.ts";

/** A taint's key and effect together are its name. */
export function validateTaints(check: Check, taints: readonly Taint[], place: Path): void {
  const seen = new Set<string>();
  taints.forEach((taint, i) => {
    const at = place.index(i);
    const { key = "", value = "", effect = "" } = taint;
    check.errors.push(...validateLabelName(key, at.child("key")));
    const messages = isValidLabelValue(value);
    if (messages.length > 0) check.errors.push(invalid(at.child("value"), value, messages.join(";")));
    if (effect === "") check.errors.push(required(at.child("effect")));
    else validateTaintEffect(check, effect, at.child("effect"));
    const name = `${effect}/${key}`;
    if (seen.has(name)) {
      check.errors.push({
        ...duplicate(at, internalValue("Taint", taint)),
        detail: "taints must be unique by key and effect pair",
      });
    }
    seen.add(name);
  });
}
