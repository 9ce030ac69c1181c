import type { JsonObject, JsonValue } from "../json/json.ts";
import type { Schema } from "../schema/schema.ts";
import { failure, unprocessable } from "./errors.ts";
import { getOwn, goFormat, goTypeName } from "./go-value.ts";
import { findByKey, inOrder, keyOf, noMergeKey } from "./strategic-order.ts";
import { kindName, type PatchMeta } from "./strategic-schema.ts";

export const directive = "$patch";

export function badDirective(value: JsonValue, map: JsonObject): Error {
  const text = typeof value === "string" ? value : `%!s(${goTypeName(value)}=${goFormat(value)})`;
  return failure(`unknown patch type: ${text} in map: ${goFormat(map)}`);
}

/** Merges one item into another: the map merge, which lists and maps call in turn. */
export type MergeItem = (original: JsonObject, patch: JsonObject, schema: Schema) => JsonObject;

/** Merges a list whose field says `patchStrategy: merge`. */
export function mergeList(
  original: readonly JsonValue[],
  patch: readonly JsonValue[],
  meta: PatchMeta,
  mergeItem: MergeItem,
): readonly JsonValue[] {
  if (original.length === 0 && patch.length === 0) return original;
  if (elementType(original, patch) !== "map[string]interface {}") {
    const merged = withoutDuplicates([...original, ...patch]);
    return inOrder(merged, { patchOrder: patch, serverOrder: original, mergeKey: "" });
  }
  const { mergeKey } = meta;
  if (mergeKey === "") throw failure(`cannot merge lists without merge key for ${kindName(meta.schema)}`);
  const plain = applyDirectives(original as readonly JsonObject[], patch as readonly JsonObject[], mergeKey);
  const merged = [...plain.original];
  for (const item of plain.patch) {
    const key = keyOf(item, mergeKey);
    const at = findByKey(merged, mergeKey, key);
    if (at < 0) merged.push(item);
    else merged[at] = mergeItem(merged[at] as JsonObject, item, meta.schema);
  }
  return inOrder(merged, { patchOrder: plain.patch, serverOrder: plain.original, mergeKey });
}

/** What `$deleteFromPrimitiveList` leaves of a list. */
export function deleteFromList(original: readonly JsonValue[], remove: readonly JsonValue[]): readonly JsonValue[] {
  if (original.length === 0 && remove.length === 0) return original;
  elementType(original, remove);
  const gone = new Set(remove);
  return original.filter((item) => !gone.has(item));
}

/** Carries out `$patch: delete` and `$patch: replace` items and leaves the ordinary ones. */
function applyDirectives(original: readonly JsonObject[], patch: readonly JsonObject[], mergeKey: string) {
  const plain: JsonObject[] = [];
  let kept = original;
  let replace = false;
  for (const item of patch) {
    const found = getOwn(item, directive);
    if (found === undefined) {
      plain.push(item);
    } else if (found === "delete") {
      const key = getOwn(item, mergeKey);
      if (key === undefined) throw noMergeKey(item, mergeKey);
      kept = kept.filter((candidate) => getOwn(candidate, mergeKey) !== key);
    } else if (found === "replace") {
      replace = true;
    } else if (found === "merge") {
      throw failure("merging lists cannot yet be specified in the patch");
    } else {
      throw badDirective(found, item);
    }
  }
  return replace ? { original: plain, patch: [] } : { original: kept, patch: plain };
}

/** The Go type that all items share; lists of lists and mixed lists cannot be merged. */
export function elementType(...lists: readonly (readonly JsonValue[])[]): string {
  let type: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      const current = goTypeName(item);
      if (type === undefined) {
        if (Array.isArray(item)) throw unprocessable("lists of lists are not supported");
        type = current;
      } else if (type !== current) {
        throw failure(`list element types are not identical: ${goFormat(lists as JsonValue[][])}`);
      }
    }
  }
  if (type === undefined) throw failure("no elements in any of the given slices");
  return type;
}

/** Keeps the first of equal scalars. */
function withoutDuplicates(items: readonly JsonValue[]): JsonValue[] {
  return [...new Set(items)];
}
