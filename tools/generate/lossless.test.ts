import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { CompactDefinition, CompactField } from "../../apimachinery/schema/compact.ts";
import { compactDefinitions } from "./definitions.ts";
import { readSource } from "./source.ts";

const folder = join(import.meta.dirname, "../../../shared/data");
const source = readSource(folder);
const skip = source === undefined ? `no data to generate from at ${folder}` : false;

const openApiScalars: Readonly<Record<string, object>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  int32: { type: "integer", format: "int32" },
  int64: { type: "integer", format: "int64" },
  float64: { type: "number", format: "double" },
  "[]uint8": { type: "string", format: "byte" },
};

function openApiType(type: string): object {
  if (openApiScalars[type] !== undefined) return openApiScalars[type];
  if (type.startsWith("[]")) return { type: "array", items: openApiType(type.slice(2)) };
  if (type.startsWith("map[string]"))
    return { type: "object", additionalProperties: openApiType(type.slice("map[string]".length)) };
  return { $ref: `#/definitions/io.k8s.${type}` };
}

function openApiProperty(raw: string | CompactField): object {
  if (typeof raw === "string") return openApiType(raw);
  return {
    ...openApiType(raw.type),
    ...(raw.default !== undefined && { default: raw.default }),
    ...(raw.list && { "x-kubernetes-list-type": raw.list }),
    ...(raw.keys && { "x-kubernetes-list-map-keys": raw.keys }),
    ...(raw.map && { "x-kubernetes-map-type": raw.map }),
    ...(raw.mergeKey && { "x-kubernetes-patch-merge-key": raw.mergeKey }),
    ...(raw.strategy && { "x-kubernetes-patch-strategy": raw.strategy }),
  };
}

function openApiDefinition(definition: CompactDefinition): object {
  const { fields, required, map, kinds, unions, type, format } = definition;
  return {
    ...(fields && {
      type: "object",
      properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, openApiProperty(field)])),
    }),
    ...(type !== undefined && { type }),
    ...(format !== undefined && { format }),
    ...(required && { required }),
    ...(map && { "x-kubernetes-map-type": map }),
    ...(unions && { "x-kubernetes-unions": unions }),
    ...(kinds && {
      "x-kubernetes-group-version-kind": kinds.map((text) => {
        const [group, version, kind] = text.split("/");
        return { group, version, kind };
      }),
    }),
  };
}

test("OpenAPI's definitions can be written again from the compact ones, word for word", { skip }, () => {
  const compact = compactDefinitions(source!);
  for (const [name, original] of Object.entries(source!.definitions)) {
    assert.deepEqual(openApiDefinition(compact[name.slice("io.k8s.".length)]!), original, name);
  }
});
