import { ApiError } from "../errors/api-error.ts";
import { equalJson } from "../json/equal.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { byteLength } from "../text/go-quote.ts";
import { unprocessable } from "./errors.ts";
import { jsonTypeName } from "./go-value.ts";
import { type Container, Draft, PointerError, parsePointer } from "./json-pointer.ts";

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
        move(draft, operation);
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

/** These two are sent a missing path on with all that is known of it. */
const tellsMore: ReadonlySet<string> = new Set(["replace", "move", "test"]);

function pathOf({ op, path }: JsonPatchOperation): string {
  if (typeof path === "string") return path;
  const why = tellsMore.has(op) ? "operation missing path field: missing value" : "missing value";
  throw unprocessable(`${op} operation failed to decode path: ${why}`);
}

function fromOf({ op, from }: JsonPatchOperation): string {
  if (typeof from === "string") return from;
  throw unprocessable(`${op} operation failed to decode from: operation, missing from field: missing value`);
}

/** What is written or read, by its container: `missing` says what there is not. */
interface Place {
  readonly container: Container;
  readonly key: string;
}

/** The container of what `path` names, which may then be changed in place, and the key there. */
function writable(draft: Draft, path: string, missing: string): Place {
  const pointer = parsePointer(path);
  const container = pointer && draft.writable(pointer.parents);
  if (!pointer || !container) throw unprocessable(`${missing}: missing value`);
  return { container, key: pointer.key };
}

function readable(draft: Draft, path: string, missing: string): Place {
  const pointer = parsePointer(path);
  const container = pointer && draft.find(pointer.parents);
  if (!pointer || !container) throw unprocessable(`${missing}: missing value`);
  return { container, key: pointer.key };
}

/** Says where something went wrong. */
function at<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof PointerError)) throw error;
    throw unprocessable(`${where}: ${error.message}`);
  }
}

function add(draft: Draft, operation: JsonPatchOperation, value: JsonValue): void {
  const path = pathOf(operation);
  const { container, key } = writable(draft, path, `add operation does not apply: doc is missing path: "${path}"`);
  at(`error in add for path: '${path}'`, () => draft.add(container, key, value));
}

function remove(draft: Draft, path: string): void {
  const { container, key } = writable(draft, path, `remove operation does not apply: doc is missing path: "${path}"`);
  at(`error in remove for path: '${path}'`, () => draft.remove(container, key));
}

function move(draft: Draft, operation: JsonPatchOperation): void {
  const from = fromOf(operation);
  const source = writable(draft, from, `move operation does not apply: doc is missing from path: ${from}`);
  const value = at(`error in move for path: '${source.key}'`, () => {
    const found = draft.get(source.container, source.key);
    draft.remove(source.container, source.key);
    return found ?? null;
  });
  const path = pathOf(operation);
  const missing = `move operation does not apply: doc is missing destination path: ${path}`;
  const { container, key } = writable(draft, path, missing);
  at(`error in move for path: '${path}'`, () => draft.add(container, key, value));
}

function replace(draft: Draft, operation: JsonPatchOperation): void {
  const value = operation.value ?? null;
  if (operation.path === "") {
    if (typeof value !== "object" || value === null) {
      throw unprocessable("replace operation value must be object or array: %!w(<nil>)");
    }
    draft.root = value;
    return;
  }
  const path = pathOf(operation);
  const { container, key } = writable(draft, path, `replace operation does not apply: doc is missing path: ${path}`);
  if (!draft.has(container, key)) {
    throw unprocessable(`replace operation does not apply: doc is missing key: ${path}: missing value`);
  }
  draft.replace(container, key, value);
}

/** Returns the bytes that the copy added. */
function copy(draft: Draft, operation: JsonPatchOperation, remainingBytes: number): number {
  const from = fromOf(operation);
  const source = readable(draft, from, `copy operation does not apply: doc is missing from path: ${from}`);
  const value = at(`error in copy for from: '${from}'`, () => draft.get(source.container, source.key)) ?? null;
  const path = pathOf(operation);
  const missing = `copy operation does not apply: doc is missing destination path: ${path}`;
  const { container, key } = writable(draft, path, missing);
  const sizeBytes = value === null ? 0 : byteLength(toJson(value));
  if (sizeBytes > remainingBytes) {
    const total = maxJsonPatchCopyBytes - remainingBytes + sizeBytes;
    throw unprocessable(
      `Unable to complete the copy, the accumulated size increase of copy is ${total}, exceeding the limit ${maxJsonPatchCopyBytes}`,
    );
  }
  // The draft no longer owns what is now reachable by two paths.
  at("error while adding value during copy", () => draft.add(container, key, draft.share(value)));
  return sizeBytes;
}

function test(draft: Draft, operation: JsonPatchOperation): void {
  const path = pathOf(operation);
  let value: JsonValue | undefined = draft.root;
  if (path !== "") {
    const { container, key } = readable(draft, path, `test operation does not apply: is missing path: ${path}`);
    value = at(`error in test for path: '${path}'`, () => draft.get(container, key));
  }
  if (!equalJson(value ?? null, operation.value ?? null))
    throw unprocessable(`testing value ${path} failed: ${failedTest}`);
}

const failedTest = "test failed";

/** Whether a patch failed by a `test` of its own, and by nothing else. */
export function isFailedTest(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof Error && cause.message.startsWith("testing value ") && cause.message.endsWith(failedTest);
}

function toJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? Number(inner) : inner));
}
