import type { Field, Schema } from "../../schema/schema.ts";

/** Short names for the schemas of tests. */
export function scalar(
  type: "string" | "integer" | "number" | "boolean" | "int-or-string",
  format?: string,
  maxLength?: number,
): Schema {
  return {
    type,
    ...(format === undefined ? {} : { format }),
    ...(maxLength === undefined ? {} : { constraints: { maxLength } }),
  };
}

export const text: Schema = scalar("string");
export const integer: Schema = scalar("integer");
export const number: Schema = scalar("number");
export const boolean: Schema = scalar("boolean");
export const bytes: Schema = scalar("string", "byte");
export const duration: Schema = scalar("string", "duration");
export const date: Schema = scalar("string", "date");
export const dateTime: Schema = scalar("string", "date-time");

export function list(items: Schema, maxItems?: number): Schema {
  return {
    type: "list",
    items,
    listType: "atomic",
    mapKeys: [],
    ...(maxItems === undefined ? {} : { constraints: { maxItems } }),
  };
}

export function listSet(items: Schema): Schema {
  return { type: "list", items, listType: "set", mapKeys: [] };
}

export function listMap(mapKeys: readonly string[], items: Schema): Schema {
  return { type: "list", items, listType: "map", mapKeys };
}

export function map(values: Schema, maxProperties?: number): Schema {
  return { type: "map", values, ...(maxProperties === undefined ? {} : { constraints: { maxProperties } }) };
}

export function object(fields: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  const entries = Object.entries(fields).map(([name, schema]): [string, Field] => [
    name,
    { name, schema, required: required.includes(name), empty: "keep" },
  ]);
  return { type: "object", fields: new Map(entries) };
}

/** An object with the fields val1, val2, … */
export function numbered(...schemas: readonly Schema[]): Schema {
  return object(Object.fromEntries(schemas.map((schema, index) => [`val${index + 1}`, schema])));
}

export function values(...items: readonly unknown[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(items.map((item, index) => [`val${index + 1}`, item]));
}
