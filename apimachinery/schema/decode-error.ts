import type { Field, ObjectSchema } from "./schema.ts";
import { typeNameOf } from "./type-name.ts";

/** JSON that is not a value of the type it is decoded as. The message is upstream's, to the letter. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
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
export function wrongType(what: string, typeName: string, steps: readonly Step[], depth: number): DecodeError {
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
  return new DecodeError(`json: cannot unmarshal ${what} into ${where} of type ${typeName}`);
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
