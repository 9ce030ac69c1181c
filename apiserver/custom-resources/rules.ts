import type { FieldError } from "../../apimachinery/field/error.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { Correlation } from "../../apimachinery/structural/correlation.ts";
import type { Props } from "../../apimachinery/structural/props.ts";
import { ruleValidator } from "../../apimachinery/structural/rules/validator.ts";

/** What is wrong with an object, and its change; `warn` hears what is let be, because it was so before. */
export type RuleErrors = (
  object: JsonObject,
  old: JsonObject | undefined,
  warn: ((text: string) => void) | undefined,
) => readonly FieldError[];

/** What the rules within a schema say of an object, and of its change; undefined where there are none. */
export function customRules(props: Props): RuleErrors | undefined {
  const validator = ruleValidator(props, true);
  if (validator === undefined) return undefined;
  return (object, old, warn) => {
    const correlation = old === undefined ? undefined : new Correlation(object, old, props);
    return validator(object, old, { place: "", correlation, warn });
  };
}
