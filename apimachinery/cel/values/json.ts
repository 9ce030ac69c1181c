import { equalJson } from "../../json/equal.ts";
import { escapeFieldName, unescapeFieldName } from "../types/escape.ts";
import type { CelType } from "../types/type.ts";
import { CelError, noSuchOverload } from "./error.ts";
import { duration } from "./numbers.ts";
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from "./time.ts";
import {
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  type Result,
  Timestamp,
  Uint,
  type Value,
} from "./value.ts";

type Json = Readonly<Record<string, unknown>>;

/** A list of JSON, read where the expression reads it. */
class JsonList extends ListValue {
  readonly #items: readonly unknown[];
  readonly #item: CelType | undefined;
  readonly #type: CelType | undefined;

  constructor(items: readonly unknown[], type: CelType | undefined) {
    super();
    this.#items = items;
    this.#item = type?.parameters[0];
    this.#type = type;
  }

  override get type(): CelType | undefined {
    return this.#type;
  }

  size(): number {
    return this.#items.length;
  }

  at(index: number): Result {
    return toValue(this.#items[index], this.#item);
  }
}

/** A JSON object as a map of its own keys. */
class JsonMap extends MapValue {
  readonly #entries: Json;
  readonly #value: CelType | undefined;

  constructor(entries: Json, value: CelType | undefined) {
    super();
    this.#entries = entries;
    this.#value = value;
  }

  size(): number {
    return this.keys().length;
  }

  get(key: Value): Result | undefined {
    if (typeof key !== "string") return noSuchOverload;
    const value = own(this.#entries, key);
    return value === undefined ? undefined : toValue(value, this.#value);
  }

  has(key: Value): boolean {
    return typeof key === "string" && own(this.#entries, key) !== undefined;
  }

  keys(): readonly string[] {
    return Object.keys(this.#entries).filter((key) => this.#entries[key] !== undefined);
  }
}

/** An own field of JSON: what objects inherit are functions, and `__proto__`. */
function own(entries: Json, key: string): unknown {
  const value = entries[key];
  return typeof value === "function" || (key === "__proto__" && !Object.hasOwn(entries, key)) ? undefined : value;
}

type Fields = NonNullable<NonNullable<CelType["declaration"]>["fields"]>;

/** A JSON object of declared fields, by the names that expressions use; others are not seen. A null field is absent. */
class JsonObject extends MapValue {
  readonly #entries: Json;
  readonly #fields: Fields;

  constructor(entries: Json, fields: Fields) {
    super();
    this.#entries = entries;
    this.#fields = fields;
  }

  /** With those that are not seen. */
  size(): number {
    let size = 0;
    for (const key in this.#entries) if (this.#entries[key] !== undefined) size++;
    return size;
  }

  /** By the name that expressions use, or by its own where that stands for nothing else. */
  #field(key: Value): { readonly json: string; readonly type: CelType } | undefined {
    if (typeof key !== "string") return undefined;
    const field = this.#fields.get(key);
    if (field !== undefined || unescapeFieldName(key) !== key) return field;
    const escaped = escapeFieldName(key);
    return escaped === undefined ? undefined : this.#fields.get(escaped);
  }

  get(key: Value): Result | undefined {
    if (typeof key !== "string") return noSuchOverload;
    const field = this.#field(key);
    if (field === undefined) return undefined;
    const value = own(this.#entries, field.json);
    return value === undefined || value === null ? undefined : toValue(value, field.type);
  }

  has(key: Value): boolean {
    const field = this.#field(key);
    if (field === undefined) return false;
    const value = own(this.#entries, field.json);
    return value !== undefined && value !== null;
  }

  keys(): readonly string[] {
    return [...this.#fields.keys()].filter((key) => this.has(key));
  }

  /** Fields that the schema does not declare are not seen, but two objects that both have one and differ in it differ. */
  override hiddenEquals(other: MapValue): boolean {
    if (!(other instanceof JsonObject)) return true;
    const theirs = other.#entries;
    const mine = this.#entries;
    const names = new Set([...this.#fields.values()].map(({ json }) => json));
    const hidden = (entries: Json): string[] =>
      Object.keys(entries).filter((key) => !names.has(key) && entries[key] !== undefined);
    return hidden(mine).every((key) => theirs[key] === undefined || equalJson(mine[key], theirs[key]));
  }
}

function isValue(value: unknown): value is Value {
  return (
    value instanceof MapValue ||
    value instanceof ListValue ||
    value instanceof OpaqueValue ||
    value instanceof Duration ||
    value instanceof Timestamp ||
    value instanceof Uint ||
    value instanceof Optional ||
    value instanceof Uint8Array
  );
}

/**
 * The CEL value of a JSON value, as its declared type says; nothing is copied, and parts are looked at only when the
 * expression does. Without a type, whole numbers are ints and others doubles. Values of CEL pass as they are.
 */
export function toValue(json: unknown, type?: CelType): Result {
  if (json === null || json === undefined) return null;
  if (typeof json === "object" && isValue(json)) return json;
  switch (type?.kind) {
    case undefined:
    case "dyn":
      return dynamicValue(json);
    case "string":
      return typeof json === "string" ? json : mismatch("string", json);
    case "int":
      if (typeof json === "bigint") return json;
      return typeof json === "number" && Number.isInteger(json) ? BigInt(json) : mismatch("int", json);
    case "uint":
      if (typeof json === "bigint") return new Uint(json);
      return typeof json === "number" && Number.isInteger(json) ? new Uint(BigInt(json)) : mismatch("uint", json);
    case "double":
      return typeof json === "number" || typeof json === "bigint" ? Number(json) : mismatch("float", json);
    case "bool":
      return typeof json === "boolean" ? json : mismatch("bool", json);
    case "timestamp":
    case "duration":
    case "bytes":
      return typeof json === "string" ? textValue(json, type.kind) : mismatch("string", json);
    case "list":
      return Array.isArray(json) ? new JsonList(json, type) : notList;
    case "map":
      return typeof json === "object" && !Array.isArray(json) ? new JsonMap(json as Json, type.parameters[1]) : notMap;
    case "object": {
      if (typeof json !== "object" || Array.isArray(json)) return notMap;
      const fields = type.declaration?.fields;
      return fields === undefined ? new JsonMap(json as Json, undefined) : new JsonObject(json as Json, fields);
    }
  }
  return dynamicValue(json);
}

function dynamicValue(json: unknown): Result {
  switch (typeof json) {
    case "string":
    case "boolean":
    case "bigint":
      return json;
    case "number":
      return Number.isSafeInteger(json) && !Object.is(json, -0) ? BigInt(json) : json;
    case "object":
      return Array.isArray(json) ? new JsonList(json, undefined) : new JsonMap(json as Json, undefined);
  }
  return new CelError(`unsupported conversion to ref.Val: (${typeof json})${String(json)}`);
}

const notMap = new CelError("invalid data, expected a map for the provided schema with type=object");
const notList = new CelError("invalid data, expected an array for the provided schema with type=array");

function mismatch(expected: string, json: unknown): CelError {
  return new CelError(`invalid data, expected ${expected}, got ${goTypeOf(json)}`);
}

/** What Go decodes JSON to. */
function goTypeOf(json: unknown): string {
  if (Array.isArray(json)) return "[]interface {}";
  if (typeof json === "number") return Number.isInteger(json) ? "int64" : "float64";
  if (typeof json === "bigint") return "int64";
  if (typeof json === "boolean") return "bool";
  return typeof json === "string" ? "string" : "map[string]interface {}";
}

function textValue(text: string, kind: "timestamp" | "duration" | "bytes"): Result {
  switch (kind) {
    case "timestamp":
      return declaredTime(text) ?? new CelError(`Invalid date-time formatted string ${text}`);
    case "duration":
      return declaredDuration(text) ?? new CelError(`Invalid duration ${text}: unable to parse ${text} as duration`);
    case "bytes":
      if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return new CelError(`Invalid byte formatted string ${text}`);
      return new Uint8Array(Buffer.from(text, "base64"));
  }
}

/** The formats `date-time` and `date` of a schema (kube-openapi strfmt): a zone may be missing. */
function declaredTime(text: string): Timestamp | undefined {
  return parseTimestamp(text) ?? parseTimestamp(`${text}Z`) ?? parseTimestamp(`${text}T00:00:00Z`);
}

const units: readonly (readonly [nanos: bigint, names: readonly string[], prefix: string])[] = [
  [1n, ["ns"], "nano"],
  [1_000n, ["us", "µs"], "micro"],
  [1_000_000n, ["ms"], "milli"],
  [1_000_000_000n, ["s"], "sec"],
  [60_000_000_000n, ["m"], "min"],
  [3_600_000_000_000n, ["h", "hr"], "hour"],
  [86_400_000_000_000n, ["d"], "day"],
  [604_800_000_000_000n, ["w", "wk"], "week"],
];

/** The format `duration` of a schema (kube-openapi strfmt): Go's, or words such as `2 days`. */
function declaredDuration(text: string): Result | undefined {
  const plain = parseDuration(text);
  if (plain !== undefined) return plain;
  let nanos: bigint | undefined;
  for (const [, count, word] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const unit = word!.toLowerCase();
    const known = units.find(([, names, prefix]) => names.includes(unit) || unit.startsWith(prefix));
    if (known !== undefined) nanos = (nanos ?? 0n) + BigInt(count!) * known[0];
  }
  return nanos === undefined ? undefined : duration(nanos);
}

/** The JSON of a value: what an expression that makes an object stands for. Ints beyond 2^53 become a bigint. */
export function toJson(value: Value): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number")
    return value;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (value instanceof Uint) return toJson(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Timestamp) return formatTimestamp(value);
  if (value instanceof Duration) return formatDuration(value);
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value);
  if (value instanceof ListValue) {
    return Array.from({ length: value.size() }, (_, index) => unwrapped(value.at(index)));
  }
  if (value instanceof MapValue) {
    const entries = value.keys().map((key) => {
      if (typeof key !== "string") throw new TypeError(`JSON keys are strings, not ${String(key)}`);
      return [key, unwrapped(value.get(key)!)] as const;
    });
    return Object.fromEntries(entries);
  }
  throw new TypeError(`a value of type ${"type" in value ? value.type.name : value.name} has no JSON`);
}

function unwrapped(result: Result): unknown {
  if (result instanceof CelError) throw new TypeError(result.message);
  return toJson(result);
}
