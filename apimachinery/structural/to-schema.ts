import type { JsonValue } from "../json/json.ts";
import type { Field, ObjectSchema, ScalarSchema, Schema } from "../schema/schema.ts";
import { itemsOf, metaFields, type Props, valuesOf } from "./props.ts";

const any: Schema = { type: "any" };
const text: ScalarSchema = { type: "string" };

/**
 * A custom resource's schema as the value that all of the server's generic code reads: ownership of fields, selectors,
 * merging. `metadata` is ObjectMeta's. The root knows kind, version and metadata whatever the schema says.
 */
export function resourceSchema(props: Props, metadata: ObjectSchema): ObjectSchema {
  const fields = new Map<string, Field>();
  const add = (name: string, schema: Schema): void => {
    fields.set(name, { name, schema, required: false, empty: "keep" });
  };
  add("apiVersion", text);
  add("kind", text);
  add("metadata", metadata);
  for (const [name, property] of Object.entries(props.properties ?? {})) {
    // The status of a new object is dropped, default and all: no default of the root is to bring it back.
    if (!metaFields.has(name)) add(name, schemaOf(property));
  }
  return { type: "object", fields, ...openness(props), ...granularity(props) };
}

function openness(props: Props): { preserveUnknown?: true } {
  return props["x-kubernetes-preserve-unknown-fields"] === true ? { preserveUnknown: true } : {};
}

function granularity(props: Props): { mapType?: "granular" | "atomic" } {
  const mapType = props["x-kubernetes-map-type"];
  return mapType === "atomic" || mapType === "granular" ? { mapType } : {};
}

function fieldOf(name: string, props: Props, owner: Props): Field {
  return {
    name,
    schema: schemaOf(props),
    required: owner.required?.includes(name) === true,
    empty: "keep",
    ...(props.default === undefined ? {} : { default: props.default as JsonValue }),
  };
}

function schemaOf(props: Props): Schema {
  const common = props.nullable === true ? { nullable: true } : {};
  if (props["x-kubernetes-int-or-string"] === true) return { type: "int-or-string", ...common };
  switch (props.type) {
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return { type: props.type, ...common };
    case "array":
      return {
        type: "list",
        items: schemaOfItems(props),
        listType: listTypeOf(props),
        mapKeys: props["x-kubernetes-list-map-keys"] ?? [],
        ...common,
      };
    case "object":
      return { ...objectSchema(props), ...common };
    default:
      return any;
  }
}

function schemaOfItems(props: Props): Schema {
  const items = itemsOf(props);
  return items === undefined ? any : schemaOf(items);
}

function listTypeOf(props: Props): "atomic" | "set" | "map" {
  const type = props["x-kubernetes-list-type"];
  return type === "set" || type === "map" ? type : "atomic";
}

function objectSchema(props: Props): Schema {
  const properties = Object.entries(props.properties ?? {});
  const values = valuesOf(props);
  if (properties.length === 0) {
    if (values !== undefined) return { type: "map", values: schemaOf(values), ...granularity(props) };
    return { type: "map", values: any, ...granularity(props) };
  }
  return {
    type: "object",
    fields: new Map(properties.map(([name, property]) => [name, fieldOf(name, property, props)])),
    ...openness(props),
    ...granularity(props),
    ...(props["x-kubernetes-embedded-resource"] === true ? { embeddedResource: true } : {}),
  };
}
