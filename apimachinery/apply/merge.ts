import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { setOwn } from "../patch/go-value.ts";
import type { ListSchema, ObjectSchema, Schema } from "../schema/schema.ts";
import type { PathElement } from "./path-element.ts";
import {
  type Associative,
  childSchema,
  isBuiltin,
  isEmptyContainer,
  isPlainStruct,
  itemElementOrNone,
  own,
  shapeOf,
  type Value,
} from "./structure.ts";

/**
 * The live object with an applied configuration merged into it: what the configuration says wins, everything else stays
 * (structured-merge-diff, typed/merge.go). Shares what did not change, returns `live` itself where nothing did.
 */
export function mergeApplied(schema: ObjectSchema, live: JsonObject, applied: JsonObject): JsonObject {
  return mergeMaps(schema, live, applied, isBuiltin(schema)) as JsonObject;
}

/** Neither is undefined. A null says nothing about what a list or map holds. */
function mergeValues(schema: Schema, left: JsonValue, right: JsonValue, builtin: boolean): JsonValue {
  if (left === right) return left;
  const shape = shapeOf(schema, right === null ? left : right);
  if (shape === "leaf") return right;
  if (isEmptyContainer(left) && isEmptyContainer(right)) return right;
  if (shape === "list") return mergeLists(schema as ListSchema, asList(left), asList(right), builtin);
  return mergeMaps(schema as Associative, isJsonObject(left) ? left : {}, isJsonObject(right) ? right : {}, builtin);
}

function asList(value: JsonValue): JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function mergeMaps(schema: Associative, left: JsonObject, right: JsonObject, builtin: boolean): JsonObject {
  let merged: JsonObject | undefined;
  for (const key in right) {
    const before = own(left, key);
    const said = right[key];
    if (said === undefined) continue;
    let value: JsonValue;
    if (before === undefined) {
      // An empty struct that Go's type has anyway is no change.
      if (builtin && isEmptyContainer(said) && isStructAlwaysThere(schema, key)) continue;
      value = said;
    } else {
      value = mergeValues(childSchema(schema, key), before, said, builtin);
      if (value === before) continue;
    }
    merged ??= { ...left };
    setOwn(merged, key, value);
  }
  return merged ?? left;
}

function isStructAlwaysThere(schema: Associative, key: string): boolean {
  const field = schema.type === "object" ? schema.fields.get(key) : undefined;
  return field !== undefined && isPlainStruct(field);
}

/** A list's items by their path elements, in order. Of items that share one, none is the one to merge with. */
interface Indexed {
  readonly elements: readonly PathElement[];
  readonly byElement: ReadonlyMap<PathElement, Value>;
}

function index(schema: ListSchema, items: readonly JsonValue[]): Indexed {
  const elements: PathElement[] = [];
  const byElement = new Map<PathElement, Value>();
  items.forEach((item, i) => {
    const element = itemElementOrNone(schema, item) ?? `?:${i}`;
    elements.push(element);
    byElement.set(element, byElement.has(element) ? undefined : item);
  });
  return { elements, byElement };
}

/**
 * Merges keyed items and sets. The order is the configuration's; items that only the live list has keep their place between
 * the items that both have. Example: live `a b c`, applied `c a`: `b c a`.
 */
function mergeLists(schema: ListSchema, left: JsonValue[], right: JsonValue[], builtin: boolean): JsonValue[] {
  const live = index(schema, left);
  const applied = index(schema, right);
  const shared = applied.elements.filter((element) => live.byElement.has(element));
  let nextShared = 0;
  const done = new Set<PathElement>();
  const merged: JsonValue[] = [];
  const take = (element: PathElement, item: JsonValue): void => {
    done.add(element);
    const before = live.byElement.get(element);
    merged.push(before === undefined ? item : mergeValues(schema.items, before as JsonValue, item, builtin));
    if (shared[nextShared] === element) nextShared++;
  };
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const mine = live.elements[l];
    const theirs = applied.elements[r];
    if (mine !== undefined && mine === theirs) {
      take(mine, right[r]!);
      l++;
      r++;
      continue;
    }
    if (mine !== undefined) {
      const both = applied.byElement.has(mine);
      // Shared, but not the one whose turn it is.
      if (theirs !== undefined && both && nextShared < shared.length && shared[nextShared] !== mine) {
        l++;
        continue;
      }
      if (!both) {
        merged.push(left[l]!);
        l++;
        continue;
      }
      if (done.has(mine)) l++;
    }
    if (theirs !== undefined) take(theirs, right[r++]!);
  }
  return merged.length === left.length && merged.every((item, i) => item === left[i]) ? left : merged;
}
