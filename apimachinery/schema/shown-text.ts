import type { FieldError } from "../field/error.ts";
import { jsonText } from "../field/errors.ts";
import { goJson } from "../text/go-json.ts";
import { goQuote } from "../text/go-quote.ts";
import type { Schema } from "./schema.ts";
import { elementTypeName } from "./type-name.ts";

/**
 * The error as upstream shows it. Go's field.Error quotes a string (`"a<b"`), and writes as JSON (`"a\u003cb"`) whatever has a
 * type of its own, such as v1.PullPolicy: which it is, the structure of the object says at the error's place.
 */
export function shownByType(schema: Schema, error: FieldError): FieldError {
  const { value } = error;
  if (typeof value !== "string" || goQuote(value) === goJson(value)) return error;
  return isNamed(schema, error.field, value) ? { ...error, value: jsonText(value) } : error;
}

interface Here {
  readonly schema: Schema;
  readonly typeName?: string | undefined;
}

const steps = /\[([^\]]*)\]|[^.[\]]+/g;

/** Where the place is none of the structure's, the value is taken for a plain string. */
function isNamed(root: Schema, place: string, value: string): boolean {
  let here: Here = { schema: root, typeName: undefined };
  for (const [text, inBrackets] of place.matchAll(steps)) {
    const { schema, typeName } = here;
    if (schema.type === "list") here = { schema: schema.items, typeName: elementTypeName(typeName, schema.items) };
    else if (schema.type === "map") {
      // The key itself may be what is wrong: those of resources have a type of their own.
      if (inBrackets === value)
        return typeName === "v1.ResourceList" || typeName?.startsWith("map[v1.ResourceName]") === true;
      here = { schema: schema.values, typeName: elementTypeName(typeName, schema.values) };
    } else if (schema.type === "object") {
      const field = schema.fields.get(text);
      if (field === undefined) return false;
      here = field;
    } else return false;
  }
  if (here.schema.type === "list")
    here = { schema: here.schema.items, typeName: elementTypeName(here.typeName, here.schema.items) };
  const { schema, typeName } = here;
  return schema.type === "string" && schema.format === undefined && typeName !== undefined && typeName !== "string";
}
