import { isJsonObject } from "../json/json.ts";
import type { ListSchema, Schema } from "../schema/schema.ts";
import { type FieldSet, type FieldTree, leaf, sortedNode } from "./field-set.ts";
import {
  type Associative,
  childSchema,
  isEmptyContainer,
  isNamedField,
  isPlainStruct,
  itemElementOrNone,
  shapeOf,
  type Value,
} from "./structure.ts";

const leafNode = leaf as FieldTree;

/**
 * The node of a value that stands where nothing was: it and everything in it (typed/compare.go with no left side). `builtin`
 * also counts the structs that upstream's Go types always have, set or not, such as a container's `resources`.
 */
export function wholeNode(schema: Schema, value: Value, builtin: boolean): FieldSet {
  const shape = shapeOf(schema, value);
  if (shape === "leaf") return leaf;
  if (shape === "list") {
    return Array.isArray(value) && value.length > 0 ? wholeList(schema as ListSchema, value, builtin) : leaf;
  }
  if (!isJsonObject(value)) return leaf;
  const node: FieldTree = { ".": leafNode };
  let any = false;
  for (const key in value) {
    const child = value[key];
    if (child === undefined) continue;
    node[`f:${key}`] = wholeNode(childSchema(schema as Associative, key), child, builtin) as FieldTree;
    any = true;
  }
  if (builtin && schema.type === "object") {
    for (const field of structsOf(schema)) {
      if (value[field.name] !== undefined) continue;
      node[`f:${field.name}`] = leafNode;
      any = true;
    }
  }
  return any ? sortedNode(node) : leaf;
}

const structs = new WeakMap<Schema, readonly { readonly name: string }[]>();

function structsOf(schema: Schema & { type: "object" }): readonly { readonly name: string }[] {
  let found = structs.get(schema);
  if (found === undefined) {
    found = [...schema.fields.values()].filter(isPlainStruct);
    structs.set(schema, found);
  }
  return found;
}

function wholeList(schema: ListSchema, items: readonly Value[], builtin: boolean): FieldSet {
  const node: FieldTree = { ".": leafNode };
  for (const item of items) {
    const element = itemElementOrNone(schema, item);
    if (element === undefined) continue;
    // Items that share an identity are owned together, as one.
    if (node[element] !== undefined) {
      node[element] = leafNode;
      continue;
    }
    const child = wholeNode(schema.items, item, builtin);
    node[element] = child as FieldTree;
  }
  return sortedNode(node);
}

/**
 * The fields that a configuration says something about, as the applier will own them (typed/tofieldset.go). Named fields that
 * hold others are not owned themselves; items of lists and keys of maps are.
 */
export function fieldSetOf(schema: Schema, value: Value): FieldSet {
  return ownedChildren(schema, value) ?? leaf;
}

/** What lies within a value; undefined where nothing does; a leaf where the value is owned as a whole. */
function ownedChildren(schema: Schema, value: Value): FieldTree | undefined {
  const shape = shapeOf(schema, value);
  if (shape === "leaf") return leafNode;
  if (shape === "list") return Array.isArray(value) ? ownedItems(schema as ListSchema, value) : undefined;
  if (!isJsonObject(value)) return undefined;
  const node: FieldTree = {};
  let any = false;
  for (const key in value) {
    const child = value[key]!;
    const owned = ownedChildren(childSchema(schema as Associative, key), child);
    const itself = child === null || (isJsonObject(child) && isEmptyContainer(child)) || !isNamedField(schema, key);
    const result = itself ? withSelf(owned) : owned;
    if (result === undefined) continue;
    node[`f:${key}`] = result;
    any = true;
  }
  return any ? sortedNode(node) : undefined;
}

function ownedItems(schema: ListSchema, items: readonly Value[]): FieldTree | undefined {
  const node: FieldTree = {};
  let any = false;
  for (const item of items) {
    const element = itemElementOrNone(schema, item);
    if (element === undefined) continue;
    node[element] = node[element] === undefined ? withSelf(ownedChildren(schema.items, item)) : leafNode;
    any = true;
  }
  return any ? sortedNode(node) : undefined;
}

function withSelf(children: FieldTree | undefined): FieldTree {
  if (children === undefined || isEmptyContainer(children) || children["."] !== undefined) return children ?? leafNode;
  return { ".": leafNode, ...children };
}
