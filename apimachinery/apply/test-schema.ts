import type { JsonValue } from "../json/json.ts";
import type { Field, ListSchema, ObjectSchema, ScalarSchema, Schema } from "../schema/schema.ts";

/** Structures for tests, written by hand. */
export const string: ScalarSchema = { type: "string" };
export const integer: ScalarSchema = { type: "integer", format: "int32" };
const boolean: ScalarSchema = { type: "boolean" };

export type FieldOptions = Partial<Omit<Field, "name" | "schema">> & { readonly default?: JsonValue };

export function field(name: string, schema: Schema, options: FieldOptions = {}): Field {
  return { name, schema, required: false, empty: "omit", ...options };
}

export function struct(
  fields: readonly Field[],
  rest: Partial<Omit<ObjectSchema, "type" | "fields">> = {},
): ObjectSchema {
  return { type: "object", fields: new Map(fields.map((f) => [f.name, f])), ...rest };
}

export function list(
  items: Schema,
  listType: ListSchema["listType"] = "atomic",
  mapKeys: readonly string[] = [],
): ListSchema {
  return { type: "list", items, listType, mapKeys };
}

const labels: Schema = { type: "map", values: string };

const part = struct(
  [
    field("name", string, { required: true }),
    field("port", integer, { default: 80 }),
    field("image", string),
    field("limits", struct([field("cpu", string), field("memory", string)])),
    field("args", list(string)),
    field("env", list(struct([field("name", string), field("value", string)]), "map", ["name"]), {
      patchStrategies: ["merge"],
      patchMergeKey: "name",
    }),
  ],
  { definition: "com.example.v1.Part" },
);

const metadata = struct(
  [
    field("name", string),
    field("namespace", string),
    field("uid", string),
    field("resourceVersion", string),
    field("labels", labels),
    field("annotations", labels),
    field("finalizers", list(string, "set"), { patchStrategies: ["merge"] }),
    field("managedFields", list({ type: "any" })),
  ],
  { definition: "com.example.v1.ObjectMeta" },
);

const spec = struct(
  [
    field("size", integer),
    field("color", string),
    field("paused", boolean),
    field("selector", struct([field("matchLabels", labels)], { mapType: "atomic" })),
    field("parts", list(part, "map", ["name", "port"]), { patchStrategies: ["merge"], patchMergeKey: "name" }),
    field("tags", list(string, "set"), { patchStrategies: ["merge"] }),
    field("command", list(string)),
    field("data", labels),
    field("strategy", struct([field("type", string), field("rolling", struct([field("surge", integer)]))]), {
      patchStrategies: ["retainKeys"],
    }),
    field("raw", { type: "any", definition: "io.k8s.apimachinery.pkg.runtime.RawExtension" }),
    field("free", { type: "any" }),
  ],
  { definition: "com.example.v1.WidgetSpec" },
);

/** A kind with one of everything that patches and apply tell apart; its structs are as those of built-in types. */
export const widgetSchema: ObjectSchema = struct(
  [
    field("apiVersion", string),
    field("kind", string),
    field("metadata", metadata, { default: {} }),
    field("spec", spec, { default: {} }),
    field("status", struct([field("ready", boolean), field("seen", integer)]), { default: {} }),
  ],
  { definition: "com.example.v1.Widget" },
);
