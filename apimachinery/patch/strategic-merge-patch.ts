import { ApiError } from "../errors/api-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import type { ObjectSchema, Schema } from "../schema/schema.ts";
import { failure } from "./errors.ts";
import { getOwn, goFormat, jsonTypeName, setOwn } from "./go-value.ts";
import { withoutNulls } from "./merge-patch.ts";
import { badDirective, deleteFromList, directive, elementType, mergeList } from "./strategic-lists.ts";
import { badArgumentType, inOrder, keyOf } from "./strategic-order.ts";
import { fieldMeta, listMeta } from "./strategic-schema.ts";

const retainKeys = "$retainKeys";
const deletePrefix = "$deleteFromPrimitiveList";
const orderPrefix = "$setElementOrder";

/**
 * A strategic merge patch applied to an object of a built-in type: the patched object, sharing what did not change. The merge
 * keys and strategies are the schema's (apimachinery/pkg/util/strategicpatch, StrategicMergeMapPatch). Neither argument
 * changes. The result may hold unknown fields and nulls that the patch brought: decoding it is the caller's.
 *
 * Throws ApiError: BadRequest for a malformed patch or directive, 422 for lists of lists, 500 with upstream's message for the
 * rest (a missing merge key, an unknown directive), as upstream does.
 */
export function applyStrategicMergePatch(schema: ObjectSchema, document: JsonObject, patch: unknown): JsonObject {
  if (patch === null || patch === undefined) return document;
  if (!isJsonObject(patch)) {
    const type = jsonTypeName(patch);
    throw ApiError.badRequest(`json: cannot unmarshal ${type} into Go value of type map[string]interface {}`);
  }
  return mergeMap(document, patch as JsonObject, schema);
}

function mergeMap(document: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const found = getOwn(patch, directive);
  if (found !== undefined) {
    if (found === "delete") return {};
    if (found !== "replace") throw badDirective(found, patch);
    const { [directive]: _, ...rest } = patch;
    return rest;
  }
  const merged = retainOnly({ ...document }, patch);
  const done = mergeOrderedLists(merged, patch, schema);
  for (const key of Object.keys(patch)) {
    if (key === retainKeys || key.startsWith(orderPrefix) || done.has(key)) continue;
    if (key.startsWith(deletePrefix)) deleteItems(merged, key, patch[key]!, schema);
    else mergeField(merged, key, patch[key]!, schema);
  }
  return merged;
}

function mergeField(merged: JsonObject, key: string, value: JsonValue, schema: Schema): void {
  if (value === null) {
    delete merged[key];
    return;
  }
  const current = getOwn(merged, key);
  if (isJsonObject(current) && isJsonObject(value)) {
    const meta = fieldMeta(schema, key);
    setOwn(merged, key, meta.strategy === "replace" ? value : mergeMap(current, value, meta.schema));
  } else if (Array.isArray(current) && Array.isArray(value)) {
    const meta = listMeta(schema, key);
    setOwn(merged, key, meta.strategy === "merge" ? (mergeList(current, value, meta, mergeMap) as JsonValue[]) : value);
  } else {
    const plain = withoutDirectives(withoutNulls(value));
    if (plain === undefined) delete merged[key];
    else setOwn(merged, key, plain);
  }
}

/** `$deleteFromPrimitiveList/finalizers: [a]`. Nothing to do where there is no such list. */
function deleteItems(merged: JsonObject, directiveKey: string, items: JsonValue, schema: Schema): void {
  const key = fieldOfDirective(directiveKey, deletePrefix, "invalid patch format of primitive list");
  if (items === null) {
    delete merged[key];
    return;
  }
  const current = getOwn(merged, key);
  if (Array.isArray(current) && Array.isArray(items)) {
    listMeta(schema, key);
    merged[key] = deleteFromList(current, items) as JsonValue[];
  } else if (isJsonObject(current) && isJsonObject(items)) {
    mergeField(merged, key, items, schema);
  }
}

function fieldOfDirective(key: string, prefix: string, message: string): string {
  if (!key.startsWith(`${prefix}/`)) throw ApiError.badRequest(message);
  return key.slice(prefix.length + 1);
}

/** `$retainKeys`: of the object stays only what it lists, and the patch may speak of nothing else. */
function retainOnly(document: JsonObject, patch: JsonObject): JsonObject {
  const retained = getOwn(patch, retainKeys);
  if (retained === undefined) return document;
  if (!Array.isArray(retained)) throw ApiError.badRequest("invalid patch format of retainKeys");
  const keys = new Set(retained);
  for (const key of Object.keys(patch)) {
    if (key === retainKeys || patch[key] === null) continue;
    if (key.startsWith(deletePrefix) || key.startsWith(orderPrefix)) continue;
    if (!keys.has(key)) throw ApiError.badRequest("invalid patch format of retainKeys");
  }
  for (const key of Object.keys(document)) if (!keys.has(key)) delete document[key];
  return document;
}

/** Merges the lists for which the patch says an order; returns the keys of the patch that are dealt with. */
function mergeOrderedLists(merged: JsonObject, patch: JsonObject, schema: Schema): ReadonlySet<string> {
  const done = new Set<string>();
  for (const directiveKey of Object.keys(patch)) {
    if (!directiveKey.startsWith(orderPrefix)) continue;
    const order = mustList(patch[directiveKey]!);
    const key = fieldOfDirective(directiveKey, orderPrefix, "invalid patch format of setElementOrder list");
    const current = optionalList(getOwn(merged, key));
    const wanted = optionalList(getOwn(patch, key));
    const meta = listMeta(schema, key);
    checkOrder(wanted ?? [], order, meta.mergeKey);
    if (current === undefined && wanted === undefined) continue;
    let items: readonly JsonValue[];
    if (wanted === undefined) items = current!;
    else if (current === undefined) items = withoutDirectives([...wanted]) as JsonValue[];
    else items = meta.strategy === "merge" ? mergeList(current, wanted, meta, mergeMap) : wanted;
    elementType(current ?? [], wanted ?? []);
    merged[key] = inOrder(items, { patchOrder: order, serverOrder: current ?? [], mergeKey: meta.mergeKey });
    done.add(key);
  }
  return done;
}

function mustList(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value)) throw badArgumentType("[]interface {}", value);
  return value;
}

function optionalList(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return value === undefined ? undefined : mustList(value);
}

/** The patch's items must all be in the order it says, and stand in that order themselves. */
function checkOrder(items: readonly JsonValue[], order: readonly JsonValue[], mergeKey: string): void {
  if (items.length === 0 || order.length === 0) return;
  const kept = items.filter((item) => !isJsonObject(item) || getOwn(item, directive) === undefined);
  let i = 0;
  for (const wanted of order) {
    if (i < kept.length && keyOf(kept[i]!, mergeKey) === keyOf(wanted, mergeKey)) i++;
  }
  if (i < kept.length) {
    throw failure(
      `The order in patch list:\n${goFormat([...items])}\n doesn't match ${orderPrefix} list:\n${goFormat([...order])}\n`,
    );
  }
}

/** The value without maps that are directives themselves; undefined where it is one. */
function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const inner = withoutDirectives(value[key]!);
    if (inner !== undefined) setOwn(result, key, inner);
  }
  return result;
}
