import type { FieldError } from "../../apimachinery/field/error.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { Correlation } from "../../apimachinery/structural/correlation.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { ruleValidator } from "../../apimachinery/structural/rules/validator.ts";

/** What the rules within a schema say of an object, and of its change; undefined where there are none. */
export function customRules(
  props: Props,
): ((object: JsonObject, old: JsonObject | undefined) => readonly FieldError[]) | undefined {
  const validator = ruleValidator(props, true);
  if (validator === undefined) return undefined;
  return (object, old) => {
    const correlation = old === undefined ? undefined : new Correlation(object, old, props);
    return validator(object, old, { place: "", correlation });
  };
}
