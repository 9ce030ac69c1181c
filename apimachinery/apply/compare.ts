import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject } from "../json/json.ts";
import type { ListSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import {
  emptySet,
  type FieldSet,
  type FieldTree,
  isMember,
  leaf,
  recursiveDifferenceOf,
  sortedNode,
} from "./field-set.ts";
import type { PathElement } from "./path-element.ts";
import {
  type Associative,
  alwaysPresent,
  childSchema,
  isBuiltin,
  isEmptyContainer,
  isPlainStruct,
  itemElementOrNone,
  own,
  shapeOf,
  type Value,
} from "./structure.ts";
import { wholeNode } from "./whole-set.ts";

/** What differs between two objects. No field is in more than one of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

const same: Comparison = { added: emptySet, modified: emptySet, removed: emptySet };

/**
 * What the way from `before` to `after` changes (structured-merge-diff, typed/compare.go). `metadata.managedFields` does not
 * count. Of built-in types, what Go's zero value of the type has anyway (structs, required lists) is never added or removed.
 */
export function compare(schema: ObjectSchema, before: JsonObject, after: JsonObject): Comparison {
  if (before === after) return same;
  const walk = new Walk(isBuiltin(schema));
  walk.maps(schema, before, after);
  return walk.result();
}

/** The comparison without the given fields and all that lies in them. */
export function excludeFields(comparison: Comparison, fields: FieldSet | undefined): Comparison {
  if (fields === undefined) return comparison;
  return {
    added: recursiveDifferenceOf(comparison.added, fields),
    modified: recursiveDifferenceOf(comparison.modified, fields),
    removed: recursiveDifferenceOf(comparison.removed, fields),
  };
}

class Walk {
  readonly #builtin: boolean;
  readonly #path: PathElement[] = [];
  readonly #added: FieldTree = {};
  readonly #modified: FieldTree = {};
  readonly #removed: FieldTree = {};
  /** The nodes on the way to what was inserted: those whose order is not known to be right. */
  readonly #inner = new Set<FieldTree>();

  constructor(builtin: boolean) {
    this.#builtin = builtin;
  }

  result(): Comparison {
    return {
      added: this.#sorted(this.#added),
      modified: this.#sorted(this.#modified),
      removed: this.#sorted(this.#removed),
    };
  }

  maps(schema: Associative, before: JsonObject, after: JsonObject): void {
    for (const key in after) {
      const left = own(before, key);
      if (after[key] !== left) this.#field(schema, key, left, after[key]);
    }
    for (const key in before) {
      if (own(after, key) === undefined && before[key] !== undefined) this.#field(schema, key, before[key], undefined);
    }
  }

  #field(schema: Associative, key: string, before: Value, after: Value): void {
    const path = this.#path;
    if (key === "managedFields" && path.length === 1 && path[0] === "f:metadata") return;
    path.push(`f:${key}`);
    let [left, right] = [before, after];
    if (this.#builtin && schema.type === "object" && (left === undefined || right === undefined)) {
      const field = schema.fields.get(key);
      if (field !== undefined && alwaysPresent(field)) {
        const zero = isPlainStruct(field) ? {} : null;
        left ??= zero;
        right ??= zero;
      }
    }
    this.#values(childSchema(schema, key), left, right);
    path.pop();
  }

  #values(schema: Schema, before: Value, after: Value): void {
    if (before === undefined) this.#insert(this.#added, wholeNode(schema, after, this.#builtin));
    else if (after === undefined) this.#insert(this.#removed, wholeNode(schema, before, this.#builtin));
    else if (schema.type === "any") this.#unknown(schema, before, after);
    else this.#shaped(schema, before, after);
  }

  /** Both are there, and the schema says what they are. */
  #shaped(schema: Schema, before: Value, after: Value): void {
    const shape = shapeOf(schema, after);
    if (shape === "leaf") this.#leaf(before, after);
    else if (isEmptyContainer(before) && isEmptyContainer(after)) {
      // Null and empty are the same to Go's slices and maps, which built-in types are made of.
      if (!this.#builtin || schema.type === "object") this.#leaf(before, after);
    } else if (shape === "list") this.#lists(schema as ListSchema, asList(before), asList(after));
    else this.maps(schema as Associative, asObject(before), asObject(after));
  }

  /** Data without a schema may change its kind: then it is both what was and what is. */
  #unknown(schema: Schema & { type: "any" }, before: Value, after: Value): void {
    const left = shapeOf(schema, before) === "map";
    const right = shapeOf(schema, after) === "map";
    const bothMaps = (left || before === null) && (right || after === null) && (left || right);
    if (!bothMaps || (isEmptyContainer(before) && isEmptyContainer(after))) this.#leaf(before, after);
    if (left || right) this.maps(schema, asObject(before), asObject(after));
  }

  #leaf(before: Value, after: Value): void {
    if (!equalJson(before, after)) this.#insert(this.#modified, leaf);
  }

  #lists(schema: ListSchema, before: readonly Value[], after: readonly Value[]): void {
    if (equalJson(before, after)) return;
    const left = byElement(schema, before);
    const right = byElement(schema, after);
    for (const [element, items] of left) this.#items(schema, element, items, right.get(element) ?? []);
    for (const [element, items] of right) if (!left.has(element)) this.#items(schema, element, [], items);
  }

  /** Puts a node at the current path; where one stands already (of items that share an identity), it becomes a member too. */
  #insert(root: FieldTree, node: FieldSet): void {
    const path = this.#path;
    let parent = root;
    for (let i = 0; i < path.length - 1; i++) {
      const element = path[i]!;
      let next = parent[element];
      if (next === undefined || next === leaf) {
        next = next === leaf ? { ".": leaf as FieldTree } : {};
        this.#inner.add(next);
        parent[element] = next;
      }
      parent = next;
    }
    const last = path.at(-1)!;
    const there = parent[last];
    if (there === undefined) parent[last] = node as FieldTree;
    else if (!isMember(there)) there["."] = leaf as FieldTree;
  }

  #sorted(tree: FieldTree): FieldTree {
    for (const element in tree) {
      const child = tree[element]!;
      if (this.#inner.has(child)) tree[element] = this.#sorted(child);
    }
    return sortedNode(tree);
  }

  #items(schema: ListSchema, element: PathElement, before: readonly Value[], after: readonly Value[]): void {
    this.#path.push(element);
    if (before.length > 1 && after.length > 1) {
      if (!equalJson(before, after)) this.#insert(this.#modified, leaf);
    } else if (before.length > 1) {
      if (after.length > 0) this.#values(schema.items, undefined, after[0]);
      this.#insert(this.#removed, leaf);
    } else if (after.length > 1) {
      if (before.length > 0) this.#values(schema.items, before[0], undefined);
      this.#insert(this.#added, leaf);
    } else if (before[0] !== after[0]) {
      this.#values(schema.items, before[0], after[0]);
    }
    this.#path.pop();
  }
}

function byElement(schema: ListSchema, items: readonly Value[]): Map<PathElement, Value[]> {
  const found = new Map<PathElement, Value[]>();
  for (const item of items) {
    const element = itemElementOrNone(schema, item);
    if (element === undefined) continue;
    const others = found.get(element);
    if (others === undefined) found.set(element, [item]);
    else others.push(item);
  }
  return found;
}

function asObject(value: Value): JsonObject {
  return isJsonObject(value) ? value : {};
}

function asList(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}
