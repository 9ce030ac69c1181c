import type { FieldError } from "../../apimachinery/field/error.ts";
import type { JsonObject } from "../../apimachinery/json/json.ts";
import { type Props, someSchema } from "../../apimachinery/structural/props.ts";

/** What the rules within a schema say of an object; undefined where there are none. */
export function customRules(
  props: Props,
): ((object: JsonObject, old: JsonObject | undefined) => readonly FieldError[]) | undefined {
  if (!someSchema(props, (one) => (one["x-kubernetes-validations"]?.length ?? 0) > 0)) return undefined;
  return undefined;
}
