import { isJsonObject, type JsonValue } from "../json/json.ts";
import { defaultOf } from "./defaults.ts";
import type { Field, ListSchema, ObjectSchema, Schema } from "./schema.ts";

/** One step into a value: a field's name or a map's key, or a list's index. */
export type PathStep = string | number;

/** The field of a struct; undefined for any other schema and for a name it does not have. */
export function fieldOf(schema: Schema, name: string): Field | undefined {
  return schema.type === "object" ? schema.fields.get(name) : undefined;
}

/** The schema of what a step leads to; undefined where the schema does not know the place. */
export function childSchema(schema: Schema, step: PathStep): Schema | undefined {
  switch (schema.type) {
    case "object":
      return schema.fields.get(String(step))?.schema;
    case "map":
      return schema.values;
    case "list":
      return typeof step === "number" ? schema.items : undefined;
    case "any":
      return schema;
    default:
      return undefined;
  }
}

/** The schema at a path: `schemaAt(pod, ["spec", "containers", 0, "image"])`. Undefined where there is no such place. */
export function schemaAt(schema: Schema, path: readonly PathStep[]): Schema | undefined {
  let current: Schema | undefined = schema;
  for (const step of path) {
    if (current === undefined) return undefined;
    current = childSchema(current, step);
  }
  return current;
}

/** One key field of a list item and its value. */
export type ListKey = readonly [name: string, value: JsonValue];

/**
 * What identifies an item of a `map` list: the values of its key fields in the list's order, static defaults standing in for
 * absent ones. Undefined where the item is no struct or a key has no value (structured-merge-diff keyByFields).
 */
export function listKeys(list: ListSchema, item: JsonValue): readonly ListKey[] | undefined {
  if (!isJsonObject(item)) return undefined;
  const keys: ListKey[] = [];
  for (const name of list.mapKeys) {
    const field = fieldOf(list.items, name);
    const value = item[name] ?? (field === undefined ? undefined : defaultOf(field));
    if (value === undefined) return undefined;
    keys.push([name, value]);
  }
  return keys;
}

/** Called for each schema that a walk meets, with the value and its place. False: what is below is not of interest. */
export type Visit = (schema: Schema, value: JsonValue, path: readonly PathStep[]) => boolean | undefined;

/** Walks a value along its schema, parents first. `path` is one array that changes as the walk goes on: copy to keep it. */
export function visit(schema: Schema, value: JsonValue, see: Visit): void {
  const path: PathStep[] = [];
  const walk = (at: Schema, what: JsonValue): void => {
    if (see(at, what, path) === false) return;
    if (Array.isArray(what)) {
      if (at.type === "list") for (const [index, item] of what.entries()) step(at.items, item, index);
    } else if (isJsonObject(what)) {
      for (const key in what) {
        const child = at.type === "any" ? undefined : childSchema(at, key);
        if (child !== undefined) step(child, what[key]!, key);
      }
    }
  };
  const step = (at: Schema, what: JsonValue, name: PathStep): void => {
    path.push(name);
    walk(at, what);
    path.pop();
  };
  walk(schema, value);
}

/** Asserts what the caller knows: that a schema is a struct. */
export function asStruct(schema: Schema | undefined): ObjectSchema {
  if (schema?.type !== "object")
    throw new Error(`expected a struct, got ${schema?.definition ?? schema?.type ?? "nothing"}`);
  return schema;
}
