import { isJsonObject } from "../json/json.ts";
import type { ListSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import { type FieldSet, type FieldTree, leaf, sortedNode } from "./field-set.ts";
import { compareElements, fieldElement, type PathElement } from "./path-element.ts";
import {
  type Associative,
  childSchema,
  deduced,
  isEmptyContainer,
  isNamedField,
  isPlainStruct,
  itemElementOrNone,
  shapeOf,
  type Value,
} from "./structure.ts";

const leafNode = leaf as FieldTree;

/** One field of a struct, as sets see it. */
interface Step {
  readonly element: PathElement;
  readonly schema: Schema;
  /** Owned as a whole whatever its value. */
  readonly whole: boolean;
}

/** What sets need to know of a struct: worked out once, for this is the hot path of every create. */
interface StructPlan {
  readonly steps: ReadonlyMap<string, Step>;
  /** Structs that upstream's Go type always has. */
  readonly structs: readonly { readonly name: string; readonly step: Step }[];
}

const plans = new WeakMap<ObjectSchema, StructPlan>();

function planOf(schema: ObjectSchema): StructPlan {
  let plan = plans.get(schema);
  if (plan === undefined) {
    const steps = new Map<string, Step>();
    for (const { name, schema: inner } of schema.fields.values()) steps.set(name, stepOf(name, inner));
    const structs = [...schema.fields.values()]
      .filter(isPlainStruct)
      .map(({ name }) => ({ name, step: steps.get(name)! }));
    plan = { steps, structs };
    plans.set(schema, plan);
  }
  return plan;
}

function stepOf(name: string, schema: Schema): Step {
  return { element: fieldElement(name), schema, whole: schema.type !== "any" && shapeOf(schema, undefined) === "leaf" };
}

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
  const entries: Entry[] = [];
  if (schema.type === "object") {
    const { steps, structs } = planOf(schema);
    for (const key in value) {
      const child = value[key];
      if (child === undefined) continue;
      const { element, whole, schema: inner } = steps.get(key) ?? stepOf(key, deduced);
      entries.push({ element, node: whole ? leafNode : wholeNode(inner, child, builtin) });
    }
    if (builtin) {
      for (const { name, step } of structs) {
        if (value[name] === undefined) entries.push({ element: step.element, node: leafNode });
      }
    }
  } else {
    const inner = schema.type === "map" ? schema.values : deduced;
    for (const key in value) {
      if (value[key] === undefined) continue;
      entries.push({ element: fieldElement(key), node: wholeNode(inner, value[key], builtin) });
    }
  }
  return entries.length === 0 ? leaf : assemble(entries);
}

interface Entry {
  readonly element: PathElement;
  readonly node: FieldSet;
}

/** A member with these children, put into the wire's order. */
function assemble(entries: Entry[]): FieldTree {
  if (entries.length > 32) entries.sort((a, b) => compareElements(a.element, b.element));
  else sortFew(entries);
  const node: FieldTree = { ".": leafNode };
  for (const { element, node: child } of entries) node[element] = child as FieldTree;
  return node;
}

/** By insertion: fields often come in order, and a struct has few. */
function sortFew(entries: Entry[]): void {
  for (let i = 1; i < entries.length; i++) {
    const entry = entries[i]!;
    let at = i;
    for (; at > 0 && compareElements(entries[at - 1]!.element, entry.element) > 0; at--) entries[at] = entries[at - 1]!;
    entries[at] = entry;
  }
}

function wholeList(schema: ListSchema, items: readonly Value[], builtin: boolean): FieldSet {
  const nodes = new Map<PathElement, FieldSet>();
  for (const item of items) {
    const element = itemElementOrNone(schema, item);
    if (element === undefined) continue;
    // Items that share an identity are owned together, as one.
    nodes.set(element, nodes.has(element) ? leaf : wholeNode(schema.items, item, builtin));
  }
  return nodes.size === 0 ? leaf : assemble([...nodes].map(([element, node]) => ({ element, node })));
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
