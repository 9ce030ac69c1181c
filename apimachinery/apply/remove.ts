import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { setOwn } from "../patch/go-value.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import { type FieldSet, type FieldTree, isEmptySet, isMember, leaf } from "./field-set.ts";
import { type Associative, childSchema, isNamedField, itemElementOrNone, shapeOf } from "./structure.ts";

/**
 * The object without the given fields (structured-merge-diff, typed/remove.go). A list or map of which something was removed
 * stays, if need be empty. Returns the object itself where none of the fields is there.
 */
export function removeFields(schema: Schema, object: JsonObject, fields: FieldSet): JsonObject {
  return isEmptySet(fields) ? object : (removeFrom(schema, object, fields) as JsonObject);
}

function removeFrom(schema: Schema, value: JsonValue, fields: FieldSet): JsonValue {
  const shape = shapeOf(schema, value);
  if (shape === "list" && Array.isArray(value)) return removeItems(schema as ListSchema, value, fields);
  if (shape === "map" && isJsonObject(value)) return removeKeys(schema as Associative, value, fields);
  return value;
}

function removeKeys(schema: Associative, value: JsonObject, fields: FieldSet): JsonObject {
  const kept: JsonObject = {};
  let changed = false;
  for (const key in value) {
    const child = value[key]!;
    const node = fields[`f:${key}`];
    if (node !== undefined && isMember(node)) {
      changed = true;
      continue;
    }
    const left = node === undefined ? child : removeFrom(childSchema(schema, key), child, node);
    changed ||= left !== child;
    setOwn(kept, key, left);
  }
  return changed ? kept : value;
}

function removeItems(schema: ListSchema, items: JsonValue[], fields: FieldSet): JsonValue[] {
  const kept: JsonValue[] = [];
  let changed = false;
  for (const item of items) {
    const element = itemElementOrNone(schema, item);
    const node = element === undefined ? undefined : fields[element];
    if (node !== undefined && isMember(node)) {
      changed = true;
      continue;
    }
    const left = node === undefined ? item : removeFrom(schema.items, item, node);
    changed ||= left !== item;
    kept.push(left);
  }
  return changed ? kept : items;
}

/**
 * The set with every named field that leads to a member made a member too, as sets of live objects do not have them: `a.b.c`
 * then also means `a`, where `a` is a field of a struct (fieldpath/set.go, EnsureNamedFieldsAreMembers).
 */
export function withNamedFields(set: FieldSet, schema: Schema): FieldSet {
  return namedChildren(set, schema, false);
}

function namedChildren(node: FieldSet, schema: Schema, member: boolean): FieldSet {
  if (isEmptySet(node)) return node;
  const result: FieldTree = {};
  if (member) result["."] = leaf as FieldTree;
  for (const element in node) {
    if (element === ".") continue;
    const child = node[element]!;
    const name = element.slice(2);
    const named = element[0] === "f" && isNamedField(schema, name);
    result[element] = namedChildren(child, schemaAt(schema, element, name), named || isMember(child)) as FieldTree;
  }
  return result;
}

function schemaAt(schema: Schema, element: string, name: string): Schema {
  if (schema.type === "list") return schema.items;
  if (element[0] !== "f" || (schema.type !== "object" && schema.type !== "map")) return { type: "any" };
  return childSchema(schema, name);
}
