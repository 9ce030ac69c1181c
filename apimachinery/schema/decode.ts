import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { countKeys } from "../json/strict-json.ts";
import { isZeroTime } from "./canonical.ts";
import {
  cannotRestore,
  type DecodeError,
  describeJson,
  describeJsonValue,
  type FieldOf,
  type Step,
  strictPath,
  wrongType,
} from "./decode-error.ts";
import { type CanonicalScalar, canonicalScalar, resourceQuantity } from "./scalars.ts";
import type { Field, ListSchema, MapSchema, ObjectSchema, Schema } from "./schema.ts";
import { noteSentEmpty } from "./sent-empty.ts";
import { elementTypeName, typeNameOf } from "./type-name.ts";

export { DecodeError } from "./decode-error.ts";

export interface Decoded {
  /** The value, canonical: plain objects and lists, no nulls, no unknown fields, no empty values that encoding leaves out. */
  readonly object: JsonObject;
  /** `unknown field "spec.containers[0].foo"` for each field that was dropped; at most 100. */
  readonly unknownFields: readonly string[];
  /** Keys of all JSON objects that were read, dropped ones included: fewer than the text holds means duplicates. */
  readonly keyCount: number;
}

/** Upstream stops counting what strict decoding finds here (sigs.k8s.io/json). */
const maxUnknownFields = 100;

/** What one run of a decoder carries along. */
interface State {
  readonly steps: Step[];
  depth: number;
  keys: number;
  unknown: Set<string> | undefined;
}

/** Returns the canonical value: the same object where nothing had to change. */
type Decode = (value: JsonValue, state: State) => JsonValue;

/** Decodes a field's value in place of the loop over the struct for the commonest types, without a call. */
type Inline = "string" | "int32" | "boolean" | "other";

interface Plan extends FieldOf {
  readonly inline: Inline;
  readonly omitEmpty: boolean;
  readonly isTime: boolean;
  readonly isBytes: boolean;
  readonly decode: Decode;
  readonly nullable: boolean;
}

/**
 * Checks and canonicalizes parsed JSON as the API type that `schema` describes. Takes `value` over: it may be changed and
 * become part of the result. Throws DecodeError with the words of Go's decoder for the first value of a wrong type.
 */
export function decodeObject(schema: ObjectSchema, value: JsonValue): Decoded {
  const state: State = { steps: [], depth: 0, keys: 0, unknown: undefined };
  const object = decoderOf(schema)(value, state) as JsonObject;
  return { object, unknownFields: state.unknown === undefined ? [] : [...state.unknown], keyCount: state.keys };
}

/** The same for a value of any schema, such as one field's: for defaults, patches and tests. */
export function decodeValue(schema: Schema, value: JsonValue): JsonValue {
  return decoderOf(schema)(value, { steps: [], depth: 0, keys: 0, unknown: undefined });
}

const decoders = new WeakMap<Schema, Decode>();

function decoderOf(schema: Schema): Decode {
  let decode = decoders.get(schema);
  if (decode === undefined) {
    decode = compile(schema, typeNameOf(schema));
    decoders.set(schema, decode);
  }
  return decode;
}

function compile(schema: Schema, typeName: string): Decode {
  switch (schema.type) {
    case "object":
      return compileStruct(schema, typeName);
    case "map":
      return compileMap(schema, typeName);
    case "list":
      return compileList(schema, typeName);
    case "any":
      return (value, state) => {
        if (typeof value === "object") state.keys += countKeys(value);
        return value;
      };
    default:
      return compileScalar(schema, canonicalScalar(schema), typeName);
  }
}

function compileScalar(schema: Schema, canonical: CanonicalScalar, typeName: string): Decode {
  return (value, state) => {
    const result = canonical(value);
    if (typeof result !== "object") return result;
    const what = result.withDigits ? describeJsonValue(value) : describeJson(value);
    if (result.problem !== undefined) throw result.problem;
    const read = result.typeName;
    const restored =
      read === undefined
        ? cannotRestore(value, schema, typeName)
        : `json: cannot unmarshal ${what} into Go value of type ${read}`;
    throw wrongType(what, read ?? typeName, state.steps, state.depth, restored);
  };
}

function planOf(owner: ObjectSchema, field: Field): Plan {
  const { schema } = field;
  let decode: Decode | undefined;
  const inline: Inline =
    schema.type === "string" && schema.format === undefined
      ? "string"
      : schema.type === "integer" && schema.format === "int32"
        ? "int32"
        : schema.type === "boolean"
          ? "boolean"
          : "other";
  return {
    owner,
    field,
    inline,
    omitEmpty: field.empty === "omit",
    isTime: schema.type === "string" && (schema.format === "date-time" || schema.format === "micro-time"),
    isBytes: schema.type === "string" && schema.format === "byte",
    nullable: schema.nullable === true,
    decode: (value, state) => {
      decode ??= field.typeName === undefined ? decoderOf(schema) : compile(schema, field.typeName);
      return decode(value, state);
    },
  };
}

/** What decoding leaves of a field that encoding would leave out; `emptied` where Go has a list, map or bytes that are not nil. */
const dropped: unique symbol = Symbol("dropped");
const emptied: unique symbol = Symbol("emptied");

function decodeField(plan: Plan, value: JsonValue, state: State): JsonValue | typeof dropped | typeof emptied {
  if (value === null) return plan.nullable ? null : dropped;
  const { inline } = plan;
  if (inline === "string") {
    if (typeof value === "string") return value === "" && plan.omitEmpty ? dropped : value;
  } else if (inline === "boolean") {
    if (typeof value === "boolean") return !value && plan.omitEmpty ? dropped : value;
  } else if (inline === "int32") {
    if (typeof value === "number" && (value | 0) === value) return value === 0 ? (plan.omitEmpty ? dropped : 0) : value;
  }
  state.steps[state.depth++] = plan;
  const result = plan.decode(value, state);
  state.depth--;
  if (plan.isTime && isZeroTime(result)) return dropped;
  if (!plan.omitEmpty || !isEmpty(result)) return result;
  return typeof result === "object" || plan.isBytes ? emptied : dropped;
}

function notA(schema: Schema, typeName: string, value: JsonValue, { steps, depth }: State): DecodeError {
  return wrongType(describeJson(value), typeName, steps, depth, cannotRestore(value, schema, typeName));
}

function compileStruct(schema: ObjectSchema, typeName: string): Decode {
  let plans: Map<string, Plan> | undefined;
  const preserve = schema.preserveUnknown === true;
  return (value, state) => {
    if (!isJsonObject(value)) throw notA(schema, typeName, value, state);
    if (plans === undefined) {
      plans = new Map();
      for (const field of schema.fields.values()) plans.set(field.name, planOf(schema, field));
    }
    let kept: JsonObject | undefined;
    let empties: Map<string, JsonValue> | undefined;
    for (const key in value) {
      state.keys++;
      const plan = plans.get(key);
      const old = value[key]!;
      let now: JsonValue | typeof dropped | typeof emptied;
      if (plan !== undefined) now = decodeField(plan, old, state);
      else {
        if (typeof old === "object") state.keys += countKeys(old);
        now = preserve ? old : dropped;
        if (!preserve) noteUnknown(key, state);
      }
      if (now === emptied) {
        empties ??= new Map();
        empties.set(key, old);
        kept ??= before(value, key);
      } else if (now === dropped) kept ??= before(value, key);
      else if (kept !== undefined) set(kept, key, now);
      else if (now !== old) value[key] = now;
    }
    if (kept === undefined) return value;
    if (empties !== undefined) noteSentEmpty(kept, empties);
    return kept;
  };
}

/** A copy of what stands before `end`: deleting a key in place would make the object slow for all who read it later. */
function before(value: JsonObject, end: string): JsonObject {
  const copy: JsonObject = {};
  for (const key in value) {
    if (key === end) break;
    set(copy, key, value[key]!);
  }
  return copy;
}

function set(object: JsonObject, key: string, value: JsonValue): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
}

function noteUnknown(key: string, state: State): void {
  state.unknown ??= new Set();
  if (state.unknown.size < maxUnknownFields)
    state.unknown.add(`unknown field ${JSON.stringify(strictPath(state.steps, state.depth, key))}`);
}

function compileMap(schema: MapSchema, typeName: string): Decode {
  const { values } = schema;
  const element = elementTypeName(typeName, values);
  const plainStrings = values.type === "string" && values.format === undefined;
  let decode: Decode | undefined;
  return (value, state) => {
    if (!isJsonObject(value)) throw notA(schema, typeName, value, state);
    decode ??= valuesDecoder(values, element, typeName);
    const depth = state.depth++;
    for (const key in value) {
      state.keys++;
      const old = value[key]!;
      if (plainStrings && typeof old === "string") continue;
      state.steps[depth] = key;
      const now = old === null && values.nullable !== true ? zeroOf(values) : decode(old, state);
      if (now !== old) value[key] = now;
    }
    state.depth = depth;
    return value;
  };
}

function valuesDecoder(values: Schema, element: string, mapName: string): Decode {
  if (mapName === "v1.ResourceList") return compileScalar(values, resourceQuantity, element);
  return element === typeNameOf(values) ? decoderOf(values) : compile(values, element);
}

function compileList(schema: ListSchema, typeName: string): Decode {
  const { items } = schema;
  const element = elementTypeName(typeName, items);
  const plainStrings = items.type === "string" && items.format === undefined;
  let decode: Decode | undefined;
  return (value, state) => {
    if (!Array.isArray(value)) throw notA(schema, typeName, value, state);
    decode ??= element === typeNameOf(items) ? decoderOf(items) : compile(items, element);
    const depth = state.depth++;
    for (let i = 0; i < value.length; i++) {
      const old = value[i]!;
      if (plainStrings && typeof old === "string") continue;
      state.steps[depth] = i;
      const now = old === null && items.nullable !== true ? zeroOf(items) : decode(old, state);
      if (now !== old) value[i] = now;
    }
    state.depth = depth;
    return value;
  };
}

/** What Go leaves of a null among a list's items or a map's values: the zero of the element's type. */
function zeroOf(schema: Schema): JsonValue {
  switch (schema.type) {
    case "object":
    case "map":
      return {};
    case "list":
      return [];
    case "any":
      return null;
    case "boolean":
      return false;
    case "string":
      if (schema.format === "date-time" || schema.format === "micro-time") return null;
      return schema.format === "quantity" ? "0" : "";
    default:
      return 0;
  }
}

function isEmpty(value: JsonValue): boolean {
  if (typeof value !== "object") return value === "" || value === 0 || value === false;
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  for (const _ in value) return false;
  return true;
}
