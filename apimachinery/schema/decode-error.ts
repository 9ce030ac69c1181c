import type { JsonValue } from "../json/json.ts";
import type { Field, ObjectSchema, Schema } from "./schema.ts";
import { typeNameOf } from "./type-name.ts";

/** JSON that is not a value of the type it is decoded as. The message is upstream's, to the letter. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /**
   * What upstream says where it reads the value from maps and lists in memory and not from text, as it reads what a strategic
   * merge patch has made (apimachinery/pkg/runtime/converter.go).
   */
  readonly whenRestored: string;

  constructor(message: string, options: ErrorOptions & { readonly whenRestored?: string } = {}) {
    super(message, options);
    this.whenRestored = options.whenRestored ?? message;
  }
}

/** A struct's field together with the struct it belongs to: what a decode error says of a place. */
export interface FieldOf {
  readonly owner: ObjectSchema;
  readonly field: Field;
}

/** One step from the root to where a decoder stands: a struct's field, a map's key, a list's index. */
export type Step = FieldOf | string | number;

/** `spec.containers[0].foo`: how strict decoding names a place. */
export function strictPath(steps: readonly Step[], depth: number, last: string): string {
  let path = "";
  for (let i = 0; i < depth; i++) {
    const step = steps[i]!;
    if (typeof step === "number") path += `[${step}]`;
    else {
      const name = typeof step === "string" ? step : step.field.name;
      path += path === "" ? name : `.${name}`;
    }
  }
  return path === "" ? last : `${path}.${last}`;
}

/**
 * Go's encoding/json: "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32". It
 * names the innermost struct and all fields from the root, embedded structs included, but neither indexes nor map keys.
 */
export function wrongType(
  what: string,
  typeName: string,
  steps: readonly Step[],
  depth: number,
  whenRestored: string | undefined,
): DecodeError {
  let struct: string | undefined;
  const names: string[] = [];
  for (let i = 0; i < depth; i++) {
    const step = steps[i]!;
    if (typeof step !== "object") continue;
    struct = typeNameOf(step.owner).replace(/^.*\./, "");
    if (step.field.embeddedIn !== undefined) names.push(step.field.embeddedIn);
    names.push(step.field.name);
  }
  const where = struct === undefined ? "Go value" : `Go struct field ${struct}.${names.join(".")}`;
  const message = `json: cannot unmarshal ${what} into ${where} of type ${typeName}`;
  return new DecodeError(message, whenRestored === undefined ? {} : { whenRestored });
}

/** What the converter says of a value that is not of the type; nothing where it takes such a value. */
export function cannotRestore(value: JsonValue, schema: Schema, typeName: string): string | undefined {
  const from = kindInMemory(value);
  const to = kindOf(schema);
  switch (to) {
    case "struct":
      return `cannot restore struct from: ${from}`;
    case "map":
    case "slice":
      return `cannot restore ${to} from ${from}`;
    case "string":
      return from === "int64" ? `cannot convert int64 to ${typeName}` : `unrecognized type: ${to}`;
    case "int32":
    case "int64":
      if (from === "int64") return undefined;
      return from === "float64" ? `cannot convert float64 to ${typeName}` : `unrecognized type: ${to}`;
    default:
      return `unrecognized type: ${to}`;
  }
}

/** Go's kind of the type, without its name. */
function kindOf(schema: Schema): string {
  switch (schema.type) {
    case "object":
      return schema.definition === undefined ? "map" : "struct";
    case "list":
      return "slice";
    case "string":
      return schema.format === "byte" ? "slice" : "string";
    case "integer":
    case "number":
    case "boolean":
      return typeNameOf(schema); // None has a name of its own.
    default:
      return schema.type;
  }
}

/** Go's kind of what its JSON decoder makes of a value of no known type. */
function kindInMemory(value: JsonValue): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "object") return Array.isArray(value) ? "slice" : "map";
  return typeof value === "boolean" ? "bool" : typeof value === "string" ? "string" : "float64";
}

/** What Go's JSON decoder calls a value that it cannot use. */
export function describeJson(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "string") return "string";
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : "object";
}

/** The same for what is refused for its value: numbers carry their digits. */
export function describeJsonValue(value: unknown): string {
  return typeof value === "number" || typeof value === "bigint" ? `number ${digits(value)}` : describeJson(value);
}

function digits(value: number | bigint): string {
  if (typeof value === "number" && Number.isInteger(value))
    return Math.abs(value) < 1e21 ? BigInt(value).toString() : String(value);
  return String(value);
}
