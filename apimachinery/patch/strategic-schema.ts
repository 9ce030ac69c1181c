import type { Field, Schema } from "../schema/schema.ts";
import { failure } from "./errors.ts";

/** What a strategic merge needs to know of a field. `schema` is the field's own, or of its list the items'. */
export interface PatchMeta {
  readonly schema: Schema;
  readonly strategy: "" | "merge" | "replace";
  /** "" where items have no key: a list of scalars. */
  readonly mergeKey: string;
}

/** Go's word for what kind of type this is, as messages say it. */
export function kindName(schema: Schema): string {
  switch (schema.type) {
    case "object":
    case "any":
      return "struct";
    case "map":
      return "map";
    case "list":
      return "slice";
    default:
      return "string";
  }
}

/** Throws where `schema` is no struct or has no such field: such data cannot be merged, only replaced. */
export function fieldMeta(schema: Schema, name: string): PatchMeta {
  const field = fieldOf(schema, name);
  return { schema: field.schema, strategy: strategyOf(field), mergeKey: field.patchMergeKey ?? "" };
}

/** As `fieldMeta`, of a list's items. */
export function listMeta(schema: Schema, name: string): PatchMeta {
  const meta = fieldMeta(schema, name);
  if (meta.schema.type !== "list") {
    throw failure(`expected slice or array type, but got: ${kindName(schema)}`);
  }
  const { items } = meta.schema;
  if (items.type === "list") throw failure("unexpected slice of slice");
  return { ...meta, schema: items };
}

function fieldOf(schema: Schema, name: string): Field {
  if (schema.type === "any") throw noField(schema, name);
  if (schema.type !== "object") {
    throw failure(`merging an object in json but data type is not struct, instead is: ${kindName(schema)}`);
  }
  const field = schema.fields.get(name) ?? fieldOfAnyCase(schema.fields, name);
  if (field === undefined) throw noField(schema, name);
  return field;
}

function fieldOfAnyCase(fields: ReadonlyMap<string, Field>, name: string): Field | undefined {
  const wanted = name.toLowerCase();
  for (const field of fields.values()) if (field.name.toLowerCase() === wanted) return field;
  return undefined;
}

function noField(schema: Schema, name: string): Error {
  const struct = schema.definition?.split(".").at(-1) ?? "";
  return failure(`unable to find api field in struct ${struct} for the json field ${JSON.stringify(name)}`);
}

function strategyOf(field: Field): PatchMeta["strategy"] {
  for (const strategy of field.patchStrategies ?? []) if (strategy !== "retainKeys") return strategy;
  return "";
}
