import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import type { AnySchema, Field, ListSchema, MapSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import { goQuote } from "../text/go-quote.ts";
import { keyElement, type PathElement, valueElement } from "./path-element.ts";

/** A JSON value as server-side apply meets it; undefined where there is none. */
export type Value = JsonValue | bigint | undefined;

/** Data whose schema says nothing: maps are granular, lists and scalars are owned as a whole. */
export const deduced: AnySchema = { type: "any" };

const rawExtension = "io.k8s.apimachinery.pkg.runtime.RawExtension";

/** How ownership treats a value: as one whole, field by field, or item by item. */
export type Shape = "leaf" | "map" | "list";

/**
 * What ownership makes of a value under a schema (structured-merge-diff, typed/helpers.go deduceAtom). Where the value does
 * not fit the schema it is a leaf.
 */
export function shapeOf(schema: Schema, value: Value): Shape {
  switch (schema.type) {
    case "object":
    case "map":
      return schema.mapType === "atomic" ? "leaf" : "map";
    case "list":
      return schema.listType === "atomic" ? "leaf" : "list";
    case "any":
      return schema.definition !== rawExtension && isJsonObject(value) ? "map" : "leaf";
    default:
      return "leaf";
  }
}

export type Associative = ObjectSchema | MapSchema | AnySchema;

/** The schema of a key in a struct, map or unknown object. */
export function childSchema(schema: Associative, key: string): Schema {
  if (schema.type === "map") return schema.values;
  if (schema.type === "object") return schema.fields.get(key)?.schema ?? deduced;
  return deduced;
}

/** True for a field that the schema names; false for a key of a map. */
export function isNamedField(schema: Schema, key: string): boolean {
  return schema.type === "object" && schema.fields.has(key);
}

/** A built-in type's definition carries a name; a custom resource's, parsed from its CRD, none. */
export function isBuiltin(schema: Schema): boolean {
  return schema.definition !== undefined;
}

/**
 * Whether upstream's Go type has this field in every value, set or not: a struct that is no pointer (its published default is
 * `{}`), or a list, map or pointer without omitempty. Such a field is never added or removed, only what is in it.
 */
export function alwaysPresent(field: Field): boolean {
  switch (field.schema.type) {
    case "object":
      return field.required || isPlainStruct(field);
    case "list":
    case "map":
      return field.required || field.empty === "keep";
    default:
      return false;
  }
}

/** Whether the Go type is a struct and no pointer: an absent one counts as `{}` rather than null. */
export function isPlainStruct(field: Field): boolean {
  if (field.defaultUnpublished) return false;
  return field.schema.type === "object" && isEmptyStruct(field.default);
}

/** An own property's value: names that every object inherits are none. */
export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function isEmptyStruct(value: JsonValue | undefined): boolean {
  if (!isJsonObject(value)) return false;
  for (const _ in value) return false;
  return true;
}

const sortedKeyNames = new WeakMap<ListSchema, readonly string[]>();

function keyNames(schema: ListSchema): readonly string[] {
  let names = sortedKeyNames.get(schema);
  if (names === undefined) {
    names = schema.mapKeys.toSorted();
    sortedKeyNames.set(schema, names);
  }
  return names;
}

/** An item that cannot be told apart from others; `message` is upstream's. */
export class ElementError extends Error {}

/**
 * The path element of an item of a set or keyed list. Keys that are absent have their default, or are left out where they have
 * none. Throws ElementError for an item without an identity.
 */
export function itemElement(schema: ListSchema, item: Value): PathElement {
  if (schema.listType === "set" || schema.mapKeys.length === 0) return setItemElement(item);
  if (item === null || item === undefined) {
    throw new ElementError("associative list with keys may not have a null element");
  }
  if (!isJsonObject(item)) throw new ElementError("associative list with keys may not have non-map elements");
  const names = keyNames(schema);
  const values = names.map((name) => item[name] ?? keyDefault(schema, name, item));
  if (values.every((value) => value === undefined)) {
    const quoted = schema.mapKeys.map(goQuote).join(" ");
    throw new ElementError(
      `associative list with keys has an element that omits all key fields [${quoted}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(names, values);
}

function keyDefault(schema: ListSchema, name: string, item: JsonObject): JsonValue | undefined {
  if (item[name] === null) return null;
  return schema.items.type === "object" ? schema.items.fields.get(name)?.default : undefined;
}

function setItemElement(item: Value): PathElement {
  if (item === null || item === undefined) {
    throw new ElementError("associative list without keys has an element that's an explicit null");
  }
  if (Array.isArray(item)) throw new ElementError("not supported: associative list with lists as elements");
  if (typeof item === "object") {
    throw new ElementError("associative list without keys has an element that's a map type");
  }
  return valueElement(item);
}

/** The element, or undefined where the item has no identity. */
export function itemElementOrNone(schema: ListSchema, item: Value): PathElement | undefined {
  try {
    return itemElement(schema, item);
  } catch (error) {
    if (error instanceof ElementError) return undefined;
    throw error;
  }
}

/** Whether there is nothing in it: absent, null, `{}`, `[]`. */
export function isEmptyContainer(value: Value): boolean {
  if (value === undefined || value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (typeof value !== "object") return false;
  for (const _ in value) return false;
  return true;
}
