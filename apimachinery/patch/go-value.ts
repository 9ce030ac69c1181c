import type { JsonObject, JsonValue } from "../json/json.ts";

/** A JSON value as Go's `%v` prints what encoding/json made of it: `map[a:1 b:[x y]]`. Server messages quote values so. */
export function goFormat(value: JsonValue | bigint | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${value.map(goFormat).join(" ")}]`;
  const keys = Object.keys(value).sort();
  return `map[${keys.map((key) => `${key}:${goFormat(value[key])}`).join(" ")}]`;
}

/** The Go type a JSON value is decoded into by Kubernetes: whole numbers are int64. */
export function goTypeName(value: JsonValue | bigint | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "object":
      return "map[string]interface {}";
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "bigint":
      return "int64";
    default:
      return Number.isInteger(value) ? "int64" : "float64";
  }
}

/** What encoding/json calls the JSON value in its errors: `cannot unmarshal array into …`. */
export function jsonTypeName(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

/** Sets an own property whatever its name: `__proto__` is only a key here. */
export function setOwn(object: JsonObject, key: string, value: JsonValue): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}

/** An own property's value; undefined where there is none, also for names that every object inherits. */
export function getOwn(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
