import { canonicalTime } from "../time/time.ts";
import { JsonSyntaxError, parseJson } from "./strict-json.ts";

// How Go's encoding/json fills a type from text, and what it says where the text does not fit.

export type GoType =
  | { readonly kind: "string" | "bool" | "int64" | "struct" | "list"; readonly name: string; readonly of?: GoFields }
  | { readonly kind: "time" };

/** Of a struct its fields by their names in JSON, which texts may write in whatever case; of a list its items, as `item`. */
export type GoFields = Readonly<Record<string, GoType>>;

export const goString = (name = "string"): GoType => ({ kind: "string", name });
export const goBool: GoType = { kind: "bool", name: "bool" };
export const goInt64: GoType = { kind: "int64", name: "int64" };
export const goTime: GoType = { kind: "time" };
/** `name` as messages have it: `core.Taint`. */
export const goStruct = (name: string, of: GoFields): GoType => ({ kind: "struct", name, of });
export const goList = (name: string, item: GoType): GoType => ({ kind: "list", name: `[]${name}`, of: { item } });

export type GoUnmarshalled = { readonly value: unknown } | { readonly problem: string };

/** The value as the type takes it, under the names of the fields; what is null or unknown is left out. */
export function goUnmarshal(text: string, type: GoType): GoUnmarshalled {
  const problems: string[] = [];
  try {
    const value = fill(parseJson(text).value, type, { struct: "", fields: [], problems });
    return problems[0] === undefined ? { value } : { problem: problems[0] };
  } catch (error) {
    if (error instanceof JsonSyntaxError) return { problem: error.message };
    throw error;
  }
}

/** Where in the type it is, as far as messages tell. */
interface Within {
  /** The innermost struct; "" outside of any. */
  readonly struct: string;
  readonly fields: readonly string[];
  readonly problems: string[];
}

function fill(value: unknown, type: GoType, within: Within): unknown {
  if (value === null) return undefined;
  if (type.kind === "time") return fillTime(value, within);
  switch (type.kind) {
    case "string":
      if (typeof value === "string") return value;
      break;
    case "bool":
      if (typeof value === "boolean") return value;
      break;
    case "int64":
      if (Number.isInteger(value) || typeof value === "bigint") return value;
      break;
    case "list":
      if (Array.isArray(value)) return value.map((item) => fill(item, type.of!["item"]!, within) ?? {});
      break;
    case "struct":
      if (typeof value === "object" && !Array.isArray(value)) return fillStruct(value as object, type, within);
  }
  const shown = type.kind === "int64" && typeof value === "number" ? `number ${value}` : nameOf(value);
  const place = within.struct === "" ? "value" : `struct field ${within.struct}.${within.fields.join(".")}`;
  within.problems.push(`json: cannot unmarshal ${shown} into Go ${place} of type ${type.name}`);
  return undefined;
}

function fillStruct(value: object, type: GoType & { readonly of?: GoFields; readonly name: string }, within: Within) {
  const filled: Record<string, unknown> = {};
  const names = Object.keys(type.of!);
  const struct = type.name.slice(type.name.indexOf(".") + 1);
  for (const [key, one] of Object.entries(value)) {
    const name = names.find((field) => field.toLowerCase() === key.toLowerCase());
    if (name === undefined) continue;
    const field = fill(one, type.of![name]!, { ...within, struct, fields: [...within.fields, name] });
    if (field !== undefined) filled[name] = field;
  }
  return filled;
}

function fillTime(value: unknown, { problems }: Within): unknown {
  if (typeof value !== "string") {
    problems.push(`json: cannot unmarshal ${nameOf(value)} into Go value of type string`);
    return undefined;
  }
  try {
    return canonicalTime(value);
  } catch (error) {
    problems.push((error as Error).message);
    return undefined;
  }
}

function nameOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "bigint") return "number";
  if (typeof value === "boolean") return "bool";
  return Array.isArray(value) ? "array" : typeof value;
}
