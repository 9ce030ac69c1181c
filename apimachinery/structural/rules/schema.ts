import { type CelType, declTypeOf } from "../../cel/mod.ts";
import type { JsonValue } from "../../json/json.ts";
import type { Constraints, Field, Schema } from "../../schema/schema.ts";
import { itemsOf, type Props, valuesOf } from "../props.ts";

const any: Schema = { type: "any" };

/** String formats that have a type of their own in expressions. */
const typedFormats: ReadonlySet<string> = new Set(["byte", "duration", "date", "date-time"]);

/**
 * What expressions see of values of a schema: `undefined` where it does not say what they are. `isResource`: kind, version
 * and names of metadata are there whatever it says.
 */
export function ruleTypeOf(props: Props, isResource: boolean): CelType | undefined {
  return declTypeOf(ruleSchema(props), {
    resourceRoot: isResource || props["x-kubernetes-embedded-resource"] === true,
    name: "object",
  });
}

/** A schema as expressions see its values: with formats and limits. */
export function ruleSchema(props: Props): Schema {
  const limits = { constraints: constraintsOf(props), ...(props.nullable === true ? { nullable: true } : {}) };
  if (props["x-kubernetes-int-or-string"] === true) return { type: "int-or-string", ...limits };
  switch (props.type) {
    case "string": {
      const format = typedFormats.has(props.format ?? "") ? { format: props.format! } : {};
      return { type: "string", ...format, ...limits };
    }
    case "integer":
    case "number":
    case "boolean":
      return { type: props.type, ...limits };
    case "array": {
      const items = itemsOf(props);
      const listType = props["x-kubernetes-list-type"];
      return {
        type: "list",
        items: items === undefined ? any : ruleSchema(items),
        listType: listType === "set" || listType === "map" ? listType : "atomic",
        mapKeys: props["x-kubernetes-list-map-keys"] ?? [],
        ...limits,
      };
    }
    case "object":
      return objectSchema(props, limits);
    default:
      return any;
  }
}

function objectSchema(props: Props, limits: { readonly constraints: Constraints }): Schema {
  const values = valuesOf(props);
  if (values !== undefined) return { type: "map", values: ruleSchema(values), ...limits };
  const fields = Object.entries(props.properties ?? {}).map(([name, property]): [string, Field] => [
    name,
    {
      name,
      schema: ruleSchema(property),
      required: props.required?.includes(name) === true,
      empty: "keep",
      ...(property.default === undefined ? {} : { default: property.default as JsonValue }),
    },
  ]);
  const embedded = props["x-kubernetes-embedded-resource"] === true ? { embeddedResource: true } : {};
  return { type: "object", fields: new Map(fields), ...embedded, ...limits };
}

function constraintsOf({ maxLength, maxItems, maxProperties, enum: values }: Props): Constraints {
  return {
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(maxItems === undefined ? {} : { maxItems }),
    ...(maxProperties === undefined ? {} : { maxProperties }),
    ...(values === undefined ? {} : { enum: values as readonly JsonValue[] }),
  };
}
