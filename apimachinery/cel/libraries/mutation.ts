import type { StructType } from "../check/environment.ts";
import { globalFunction } from "../check/function.ts";
import { type CelType, dynType, objectType, stringType } from "../types/type.ts";
import { ListValue, MapValue, type Result, StructValue, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";

/** The type of `JSONPatch{op: "add", path: "/a", value: 1}`. */
export const jsonPatchType: CelType = objectType("JSONPatch", (name) =>
  name === "value" ? dynType : ["op", "path", "from"].includes(name) ? stringType : undefined,
);

function escapeKey([key]: readonly Value[]): Result {
  return (key as string).replace(/[~/]/g, (character) => (character === "/" ? "~1" : "~0"));
}

/** `jsonpatch.escapeKey(k)`. Upstream: apiserver/pkg/cel/library/jsonpatch.go. */
export const jsonPatchLibrary: Library = {
  name: "kubernetes.jsonpatch",
  functions: [
    globalFunction("jsonpatch.escapeKey", ["string_jsonpatch_escapeKey_string", [stringType], stringType, escapeKey]),
  ],
};

/** `Object`: what an apply configuration evaluates to. */
export const mutationObjectType: CelType = objectType("Object", () => dynType);

/**
 * The types of MutatingAdmissionPolicy: `Object`, `Object.spec`, `Object.spec.template`, … with any fields, and
 * `JSONPatch`. For `EnvironmentOptions.structs`. Upstream: apiserver/pkg/cel/mutation.
 */
export function mutationStructs(name: string): StructType | undefined {
  if (name === jsonPatchType.name) return { type: jsonPatchType, field: (field) => jsonPatchType.field?.(field) };
  if (name !== "Object" && !name.startsWith("Object.")) return undefined;
  const type = name === "Object" ? mutationObjectType : objectType(name, () => dynType);
  return { type, field: () => dynType };
}

/**
 * What is wrong with an object that an expression made: objects of another type than their place has (`Object.spec`
 * belongs in the field `spec` of `Object`), one line each. Empty where all is well.
 */
export function checkTypeNames(value: Value): readonly string[] {
  return value instanceof StructValue ? misnamed(value, value.objectType.name) : [];
}

function misnamed(value: Result, path: string): readonly string[] {
  if (value instanceof StructValue) {
    const { name } = value.objectType;
    const expected = `unexpected type name "${name}", expected "${path}", which matches field name path from root Object type`;
    const inside = value.keys().flatMap((key) => misnamed(value.get(key)!, `${path}.${String(key)}`));
    return name === path ? inside : [expected, ...inside];
  }
  if (value instanceof ListValue) {
    return Array.from({ length: value.size() }, (_, index) => value.at(index)).flatMap((item) => misnamed(item, path));
  }
  return value instanceof MapValue ? value.keys().flatMap((key) => misnamed(value.get(key)!, path)) : [];
}
