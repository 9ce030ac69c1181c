import { ApiError } from "../errors/api-error.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { getOwn, jsonTypeName, setOwn } from "./go-value.ts";

/**
 * A JSON merge patch (RFC 7386) applied to an object: the patched object, sharing what did not change. `document` and `patch`
 * stay as they are.
 *
 * As in the API server, a null deep in a value that the patch adds is dropped as well, also within lists.
 * Throws ApiError BadRequest where the patch is no object.
 */
export function applyMergePatch(document: JsonObject, patch: unknown): JsonObject {
  if (patch === null || patch === undefined) throw ApiError.badRequest("Invalid JSON Patch");
  if (!isJsonObject(patch)) {
    const type = jsonTypeName(patch);
    throw ApiError.badRequest(
      `error decoding patch: json: cannot unmarshal ${type} into Go value of type map[string]interface {}`,
    );
  }
  return mergeObjects(document, patch as JsonObject);
}

function mergeObjects(document: JsonObject, patch: JsonObject): JsonObject {
  const merged = { ...document };
  for (const key of Object.keys(patch)) {
    const value = patch[key]!;
    if (value === null) {
      delete merged[key];
      continue;
    }
    const current = getOwn(merged, key);
    if (isJsonObject(current)) setOwn(merged, key, isJsonObject(value) ? mergeObjects(current, value) : value);
    else setOwn(merged, key, withoutNulls(value));
  }
  return merged;
}

/** The value without object fields that are null. Null items of lists stay. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJsonObject(value)) return value;
  const result: JsonObject = {};
  for (const key of Object.keys(value)) {
    const inner = value[key]!;
    if (inner !== null) setOwn(result, key, withoutNulls(inner));
  }
  return result;
}
