import { ApiError } from "../errors/api-error.ts";
import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { byteLength } from "../text/go-quote.ts";
import { unprocessable } from "./errors.ts";
import { jsonTypeName } from "./go-value.ts";
import { type Container, Draft, parsePointer } from "./json-pointer.ts";

/** Operations that one patch may have (handlers/patch.go, maxJSONPatchOperations). */
const maxJsonPatchOperations = 10_000;

/** Bytes of JSON that the `copy` operations of one patch may add (server.Config.JSONPatchMaxCopyBytes). */
const maxJsonPatchCopyBytes = 3 * 1024 * 1024;

export interface JsonPatchOperation {
  readonly op: string;
  readonly path?: string;
  readonly from?: string;
  /** Absent and null are the same to every operation but `test`, which also takes them for the same. */
  readonly value?: JsonValue;
}

const known = new Set(["op", "path", "from", "value"]);

/**
 * The body of a JSON patch as operations, and what strict field validation objects to.
 *
 * Throws ApiError BadRequest where it is no list of operations, RequestEntityTooLarge where there are too many.
 */
export function decodeJsonPatch(body: unknown): {
  readonly operations: readonly JsonPatchOperation[];
  /** `unknown field "[0].foo"`. */
  readonly unknownFields: readonly string[];
} {
  if (body !== null && !Array.isArray(body)) {
    throw undecodable(jsonTypeName(body), "Go value of type []handlers.jsonPatchOp");
  }
  const list = body ?? [];
  const unknownFields: string[] = [];
  list.forEach((item: unknown, i) => {
    if (item === null) return;
    if (!isJsonObject(item)) throw undecodable(jsonTypeName(item), "Go value of type handlers.jsonPatchOp");
    for (const name of ["op", "path", "from"]) {
      const text = item[name];
      if (text !== undefined && text !== null && typeof text !== "string") {
        throw undecodable(jsonTypeName(text), `Go struct field jsonPatchOp.${name} of type string`);
      }
    }
    for (const name of Object.keys(item)) {
      if (!known.has(name)) unknownFields.push(`unknown field "[${i}].${name}"`);
    }
  });
  if (list.length > maxJsonPatchOperations) {
    throw ApiError.requestEntityTooLarge(
      `The allowed maximum operations in a JSON patch is ${maxJsonPatchOperations}, got ${list.length}`,
    );
  }
  return { operations: list.map((item: JsonPatchOperation | null) => item ?? { op: "" }), unknownFields };
}

function undecodable(found: string, wanted: string): ApiError {
  return ApiError.badRequest(`error decoding patch: json: cannot unmarshal ${found} into ${wanted}`);
}

/**
 * A JSON patch (RFC 6902) applied to a document: the patched one, sharing what did not change.
 *
 * As the API server's library has it (gopkg.in/evanphx/json-patch.v4), beyond the RFC: a negative index counts from the end,
 * `replace` adds an object's missing key, and `test` takes a missing key for null.
 * Throws ApiError 422 for an operation that fails; its cause says why.
 */
export function applyJsonPatch(document: JsonObject, operations: readonly JsonPatchOperation[]): JsonValue {
  const draft = new Draft(document);
  let copiedBytes = 0;
  for (const operation of operations) {
    switch (operation.op) {
      case "add":
        add(draft, operation, operation.value ?? null);
        break;
      case "remove":
        remove(draft, pathOf(operation));
        break;
      case "replace":
        replace(draft, operation);
        break;
      case "move":
        add(draft, operation, take(draft, fromOf(operation)));
        break;
      case "copy":
        copiedBytes += copy(draft, operation, maxJsonPatchCopyBytes - copiedBytes);
        break;
      case "test":
        test(draft, operation);
        break;
      default:
        throw unprocessable(`Unexpected kind: ${operation.op ?? "unknown"}`);
    }
  }
  return draft.root;
}

function pathOf(operation: JsonPatchOperation): string {
  if (typeof operation.path !== "string") throw unprocessable(`${operation.op} operation failed to decode path`);
  return operation.path;
}

function fromOf(operation: JsonPatchOperation): string {
  if (typeof operation.from !== "string") throw unprocessable(`${operation.op} operation failed to decode from`);
  return operation.from;
}

/** The container of what `path` names, which may then be changed in place, and the key there. */
function writable(draft: Draft, path: string): { readonly container: Container; readonly key: string } {
  const pointer = parsePointer(path);
  const container = pointer && draft.writable(pointer.parents);
  if (!pointer || !container) throw unprocessable(`doc is missing path: ${path}`);
  return { container, key: pointer.key };
}

/** Undefined where an object has no such key. */
function read(draft: Draft, path: string): JsonValue | undefined {
  const pointer = parsePointer(path);
  const container = pointer && draft.find(pointer.parents);
  if (!pointer || !container) throw unprocessable(`doc is missing path: ${path}`);
  return draft.get(container, pointer.key);
}

function add(draft: Draft, operation: JsonPatchOperation, value: JsonValue): void {
  const { container, key } = writable(draft, pathOf(operation));
  draft.add(container, key, value);
}

function remove(draft: Draft, path: string): void {
  const { container, key } = writable(draft, path);
  draft.remove(container, key);
}

function take(draft: Draft, path: string): JsonValue {
  const value = read(draft, path);
  remove(draft, path);
  return value ?? null;
}

function replace(draft: Draft, operation: JsonPatchOperation): void {
  const value = operation.value ?? null;
  if (operation.path === "") {
    if (typeof value !== "object" || value === null) {
      throw unprocessable("replace operation value must be object or array");
    }
    draft.root = value;
    return;
  }
  const { container, key } = writable(draft, pathOf(operation));
  draft.replace(container, key, value);
}

/** Returns the bytes that the copy added. */
function copy(draft: Draft, operation: JsonPatchOperation, remainingBytes: number): number {
  const value = read(draft, fromOf(operation)) ?? null;
  const { container, key } = writable(draft, pathOf(operation));
  const sizeBytes = value === null ? 0 : byteLength(toJson(value));
  if (sizeBytes > remainingBytes) {
    const total = maxJsonPatchCopyBytes - remainingBytes + sizeBytes;
    throw unprocessable(
      `Unable to complete the copy, the accumulated size increase of copy is ${total}, exceeding the limit ${maxJsonPatchCopyBytes}`,
    );
  }
  // The draft no longer owns what is now reachable by two paths.
  draft.add(container, key, draft.share(value));
  return sizeBytes;
}

function test(draft: Draft, operation: JsonPatchOperation): void {
  const path = pathOf(operation);
  const value = path === "" ? draft.root : read(draft, path);
  if (!equalJson(value ?? null, operation.value ?? null)) throw unprocessable(`testing value ${path} failed`);
}

function toJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner));
}
