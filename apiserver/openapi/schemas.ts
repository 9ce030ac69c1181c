import type { Descriptions } from "../../api/descriptions.ts";
import { compactDefinitions } from "../../api/generated/definitions.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../apimachinery/json/json.ts";
import type { CompactDefinition, CompactField } from "../../apimachinery/schema/compact.ts";
import { enumOf } from "./enums.ts";

/** The two versions of OpenAPI differ in where definitions stand and in what a reference may be joined by. */
export type OpenApiVersion = "v2" | "v3";

const scalars: Readonly<Record<string, JsonObject>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  float64: { type: "number", format: "double" },
  "[]uint8": { type: "string", format: "byte" },
};

/** Definitions of several types: v3 says so, v2 cannot (kube-openapi OpenAPIV3Definition of these types). */
const oneOf: Readonly<Record<string, readonly string[]>> = {
  "apimachinery.pkg.api.resource.Quantity": ["string", "number"],
  "apimachinery.pkg.util.intstr.IntOrString": ["integer", "string"],
};

/** A reference to a definition by its short name, or to one that users have defined by its whole name behind `=`. */
export function reference(version: OpenApiVersion, name: string): JsonObject {
  const whole = name.startsWith("=") ? name.slice(1) : `io.k8s.${name}`;
  return { $ref: `${version === "v2" ? "#/definitions/" : "#/components/schemas/"}${whole}` };
}

function typeSchema(version: OpenApiVersion, type: string): JsonObject {
  const scalar = scalars[type];
  if (scalar !== undefined) return scalar;
  if (type.startsWith("[]")) return { type: "array", items: typeSchema(version, type.slice(2)) };
  if (type.startsWith("map[string]")) {
    return { type: "object", additionalProperties: typeSchema(version, type.slice("map[string]".length)) };
  }
  return reference(version, type);
}

/** Names the values of a text, or of the texts within a list or a map. */
function withEnum(schema: JsonObject, values: readonly string[]): JsonObject {
  for (const within of ["items", "additionalProperties"]) {
    const inner = schema[within];
    if (isJsonObject(inner)) return { ...schema, [within]: withEnum(inner, values) };
  }
  return { ...schema, enum: [...values] };
}

/** v3 joins a reference to what the field says of itself; v2 shows no defaults (kube-openapi pkg/schemamutation). */
function fieldSchema(
  version: OpenApiVersion,
  raw: string | CompactField,
  description: string | undefined,
  values: readonly string[] | undefined,
): JsonObject {
  const field: CompactField = typeof raw === "string" ? { type: raw } : raw;
  const plain = typeSchema(version, field.type);
  const type = values === undefined ? plain : withEnum(plain, values);
  return {
    ...(description !== undefined && { description }),
    ...(version === "v3" && type["$ref"] !== undefined ? { allOf: [type] } : type),
    ...(version === "v3" && field.default !== undefined && { default: field.default }),
    ...(field.list && { "x-kubernetes-list-type": field.list }),
    ...(field.keys && { "x-kubernetes-list-map-keys": [...field.keys] }),
    ...(field.map && { "x-kubernetes-map-type": field.map }),
    ...(field.mergeKey && { "x-kubernetes-patch-merge-key": field.mergeKey }),
    ...(field.strategy && { "x-kubernetes-patch-strategy": field.strategy }),
  };
}

function groupVersionKind(text: string): JsonObject {
  const [group, version, kind] = text.split("/") as [string, string, string];
  return { group, kind, version };
}

/** `x-kubernetes-group-version-kind` of an operation. */
export function operationKind(text: string): JsonObject {
  return groupVersionKind(text);
}

function definitionSchema(
  version: OpenApiVersion,
  name: string,
  { fields, required, map, kinds, unions, type, format }: CompactDefinition,
  descriptions: Descriptions,
): JsonObject {
  const words = descriptions.definitions[`io.k8s.${name}`];
  const properties: Record<string, JsonValue> = {};
  for (const [field, raw] of Object.entries(fields ?? {})) {
    properties[field] = fieldSchema(version, raw, words?.fields[field], enumOf(name, field));
  }
  const types = version === "v3" ? oneOf[name] : undefined;
  return {
    ...(words?.description !== undefined && { description: words.description }),
    ...(fields && { type: "object", properties }),
    ...(types ? { oneOf: types.map((one) => ({ type: one })) } : type && { type }),
    ...(format !== undefined && { format }),
    ...(required && { required: [...required] }),
    ...(map && { "x-kubernetes-map-type": map }),
    ...(unions && { "x-kubernetes-unions": [...unions] }),
    ...(kinds && { "x-kubernetes-group-version-kind": kinds.map(groupVersionKind) }),
  };
}

const noDescriptions: Descriptions = { definitions: {}, parameters: {} };

export interface SchemaOptions {
  readonly version: OpenApiVersion;
  readonly descriptions: Descriptions | undefined;
  /** True for kinds that the document has something to do with; a type of every group names only those. */
  readonly hasGroupVersion: (groupVersion: string) => boolean;
}

/** The schemas of definitions by full name. */
export function definitionSchemas(names: readonly string[], options: SchemaOptions): JsonObject {
  const { version, descriptions, hasGroupVersion } = options;
  const table = compactDefinitions();
  const schemas: JsonObject = {};
  for (const name of names) {
    const compact = table[name];
    if (compact === undefined) throw new Error(`no definition is named io.k8s.${name}`);
    const kinds = compact.kinds?.filter(
      (kind, _, all) => all.length === 1 || hasGroupVersion(kind.slice(0, kind.lastIndexOf("/"))),
    );
    const definition = kinds === undefined ? compact : { ...compact, kinds };
    schemas[`io.k8s.${name}`] = definitionSchema(version, name, definition, descriptions ?? noDescriptions);
  }
  return schemas;
}
