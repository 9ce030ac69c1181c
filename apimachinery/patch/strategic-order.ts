import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { failure } from "./errors.ts";
import { getOwn, goFormat, goTypeName } from "./go-value.ts";

/** An item of a keyed list lacks its key (mergepatch.ErrNoMergeKey). */
export function noMergeKey(item: JsonObject, mergeKey: string): Error {
  return failure(`map: ${goFormat(item)} does not contain declared merge key: ${mergeKey}`);
}

/** A value is not of the type its place needs (mergepatch.ErrBadArgType). */
export function badArgumentType(expected: "map[string]interface {}" | "[]interface {}", actual: JsonValue): Error {
  return failure(`expected a ${expected}, but received a ${goTypeName(actual)}`);
}

function mustObject(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw badArgumentType("map[string]interface {}", value);
  return value;
}

/** The value of an item's merge key; throws where it has none. Of a scalar (no merge key): itself. */
export function keyOf(item: JsonValue, mergeKey: string): JsonValue {
  if (mergeKey === "") return item;
  const object = mustObject(item);
  const key = getOwn(object, mergeKey);
  if (key === undefined) throw noMergeKey(object, mergeKey);
  return key;
}

/** Where in `list` an item with this key stands; -1 where there is none. Items without the key are passed over. */
export function findByKey(list: readonly JsonValue[], mergeKey: string, key: JsonValue): number {
  return list.findIndex((item, i) => {
    if (!isJsonObject(item)) throw failure(`value for key ${i} is not a map`);
    return getOwn(item, mergeKey) === key;
  });
}

interface Ordering {
  /** Keys whose items the patch speaks of, in the order it wants. */
  readonly patchOrder: readonly JsonValue[];
  /** The items as they were before the patch. */
  readonly serverOrder: readonly JsonValue[];
  readonly mergeKey: string;
}

/**
 * Puts merged items in order: those of the patch as the patch has them, the server's own as they were, and both interleaved by
 * where they stood before. Example: server `a b c d`, patch order `d b`: `a d b c`.
 */
export function inOrder(merged: readonly JsonValue[], { patchOrder, serverOrder, mergeKey }: Ordering): JsonValue[] {
  const patchKeys = indexKeys(patchOrder, mergeKey);
  const serverKeys = indexKeys(serverOrder, mergeKey);
  const fromPatch: JsonValue[] = [];
  const fromServer: JsonValue[] = [];
  for (const item of merged) (patchKeys.has(keyOf(item, mergeKey)) ? fromPatch : fromServer).push(item);
  sortByIndex(fromPatch, patchKeys, mergeKey);
  sortByIndex(fromServer, serverKeys, mergeKey);

  const ordered: JsonValue[] = [];
  let i = 0;
  for (const item of fromPatch) {
    const place = serverKeys.get(keyOf(item, mergeKey));
    while (place !== undefined && i < fromServer.length) {
      const serverPlace = serverKeys.get(keyOf(fromServer[i]!, mergeKey));
      if (serverPlace === undefined || serverPlace >= place) break;
      ordered.push(fromServer[i++]!);
    }
    ordered.push(item);
  }
  for (; i < fromServer.length; i++) ordered.push(fromServer[i]!);
  return ordered;
}

function indexKeys(items: readonly JsonValue[], mergeKey: string): Map<JsonValue, number> {
  const index = new Map<JsonValue, number>();
  items.forEach((item, i) => {
    const key = keyOf(item, mergeKey);
    if (!index.has(key)) index.set(key, i);
  });
  return index;
}

function sortByIndex(items: JsonValue[], index: ReadonlyMap<JsonValue, number>, mergeKey: string): void {
  const last = index.size;
  items.sort((a, b) => (index.get(keyOf(a, mergeKey)) ?? last) - (index.get(keyOf(b, mergeKey)) ?? last));
}
