import type { JsonObject, JsonValue } from "../json/json.ts";
import { thaw } from "../resource/thaw.ts";
import type { Field, ObjectSchema, Schema } from "./schema.ts";

/**
 * Sets the static defaults of `schema` wherever a field is absent, at every depth and in place; a struct that appears so gets
 * its own defaults. `draft` is decoded, so that an empty value that encoding leaves out counts as absent. Idempotent.
 */
export function applyDefaults(schema: ObjectSchema, draft: object): void {
  applierOf(schema)?.(draft as JsonObject);
}

type Apply = (value: JsonValue) => void;

interface Plan {
  readonly name: string;
  readonly fallback: JsonValue | undefined;
  readonly nested: Apply | undefined;
}

const appliers = new WeakMap<Schema, Apply | undefined>();

/** Undefined where nothing at or below the schema has a default. */
function applierOf(schema: Schema): Apply | undefined {
  if (!appliers.has(schema)) appliers.set(schema, hasDefaults(schema) ? compile(schema) : undefined);
  return appliers.get(schema);
}

function compile(schema: Schema): Apply {
  if (schema.type === "object") return compileStruct(schema);
  const items = schema.type === "list" ? schema.items : schema.type === "map" ? schema.values : undefined;
  let nested: Apply | undefined;
  return (value) => {
    if (items === undefined || typeof value !== "object" || value === null) return;
    nested ??= applierOf(items);
    if (nested === undefined) return;
    if (Array.isArray(value)) for (const item of value) nested(item);
    else for (const key in value) nested(value[key]!);
  };
}

function compileStruct(schema: ObjectSchema): Apply {
  let plans: readonly Plan[] | undefined;
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return;
    plans ??= [...schema.fields.values()]
      .map(planOf)
      .filter((plan) => plan.fallback !== undefined || plan.nested !== undefined);
    for (const { name, fallback, nested } of plans) {
      let current = value[name];
      if (current === undefined) {
        if (fallback === undefined) continue;
        current = typeof fallback === "object" ? (thaw(fallback) as JsonValue) : fallback;
        value[name] = current;
      }
      nested?.(current);
    }
  };
}

function planOf(field: Field): Plan {
  return { name: field.name, fallback: defaultOf(field), nested: applierOf(field.schema) };
}

/** The default of a field that may come to be; an empty one is nothing where empty values are left out. */
function defaultOf(field: Field): JsonValue | undefined {
  if (field.default === undefined || (field.empty === "omit" && isZero(field.default))) return undefined;
  return field.default;
}

function isZero(value: JsonValue): boolean {
  return value === "" || value === 0 || value === false || value === null;
}

/** Whether any field within reach has a default; definitions may contain themselves. */
function hasDefaults(root: Schema): boolean {
  const seen = new Set<Schema>();
  const open: Schema[] = [root];
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (seen.has(schema)) continue;
    seen.add(schema);
    if (schema.type === "list") open.push(schema.items);
    else if (schema.type === "map") open.push(schema.values);
    else if (schema.type === "object") {
      for (const field of schema.fields.values()) {
        if (defaultOf(field) !== undefined) return true;
        open.push(field.schema);
      }
    }
  }
  return false;
}
