import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { formatFieldErrors } from "../../apimachinery/field/errors.ts";
import { path } from "../../apimachinery/field/path.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { validateAnnotations, validateLabels } from "../../apimachinery/validation/label-fields.ts";

export interface ConversionContext {
  readonly apiVersion: string;
  /** What is converted: `example.com/v1, Kind=Foo`. */
  readonly subject: string;
  /** Which of several; undefined for one alone. */
  readonly index: number | undefined;
}

/**
 * What a webhook made of an object, with the object's own metadata: of that it may change labels and annotations alone.
 * Throws an ApiError where it is another object than was asked for.
 */
export function checkedConversion(original: ApiObject, value: JsonValue, context: ConversionContext): ApiObject {
  const { apiVersion, subject, index } = context;
  const refuse = (what: string, why: string): ApiError =>
    ApiError.internal(new Error(`conversion webhook for ${subject} returned ${what}: ${why}`));
  // Upstream words it otherwise for a single object than for one of a list.
  const place = index === undefined ? "at index 0" : `at index ${index}`;
  const wrongKind = index === undefined ? `invalid object ${place}` : `invalid converted object ${place}`;
  const invalidObject = index === undefined ? "invalid object" : wrongKind;
  const badMetadata = index === undefined ? "invalid metadata" : `invalid metadata in object ${place}`;
  if (!isJsonObject(value)) throw refuse(wrongKind, "Object 'Kind' is missing");
  const { metadata } = value;
  if (value["apiVersion"] !== apiVersion) {
    const why = `invalid groupVersion (expected ${apiVersion}, received ${String(value["apiVersion"] ?? "")})`;
    throw refuse(wrongKind, why);
  }
  if (value["kind"] !== original.kind) {
    const why = `invalid kind (expected ${original.kind}, received ${String(value["kind"] ?? "")})`;
    throw refuse(wrongKind, why);
  }
  if (metadata !== undefined && !isJsonObject(metadata)) {
    throw refuse(badMetadata, `invalid metadata of type ${goType(metadata)} in converted object`);
  }
  for (const [name, key] of identity) {
    const [was, is] = [original.metadata[key] ?? "", metadata?.[key] ?? ""];
    if (was !== is) throw refuse(invalidObject, `must have the same ${name}: ${was} != ${String(is)}`);
  }
  if (metadata === undefined) throw refuse(badMetadata, "missing metadata in converted object");
  return {
    ...value,
    metadata: restored(original, metadata, (why) => refuse(badMetadata, why)),
  } as unknown as ApiObject;
}

const identity = [
  ["name", "name"],
  ["namespace", "namespace"],
  ["UID", "uid"],
] as const;

type Refuse = (why: string) => ApiError;

function restored(original: ApiObject, metadata: JsonObject, refuse: Refuse): ApiObject["metadata"] {
  const result: Record<string, unknown> = { ...original.metadata };
  for (const name of ["labels", "annotations"] as const) {
    const said = metadata[name];
    if (said === undefined || said === null) {
      delete result[name];
      continue;
    }
    result[name] = checkedMap(name, said, refuse);
  }
  return result as ApiObject["metadata"];
}

function checkedMap(name: "labels" | "annotations", said: JsonValue, refuse: Refuse): JsonObject {
  if (!isJsonObject(said)) throw refuse(`invalid metadata.${name} of type ${goType(said)} in converted object`);
  for (const [key, value] of Object.entries(said)) {
    if (typeof value !== "string") {
      throw refuse(`metadata.${name}[${key}] must be a string, but is ${goType(value)} in converted object`);
    }
  }
  const strings = said as Readonly<Record<string, string>>;
  const place = path("metadata", name);
  const errors = name === "labels" ? validateLabels(strings, place) : validateAnnotations(strings, place);
  if (errors.length > 0) throw refuse(formatFieldErrors(errors));
  return said;
}

function goType(value: JsonValue | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}
