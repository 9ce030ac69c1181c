import {
  type CelType,
  dynType,
  globalFunction,
  type Library,
  listType,
  objectType,
  type StructType,
  stringType,
} from "../../../apimachinery/cel/mod.ts";

// What expressions of mutations make: apiserver/pkg/cel/mutation and cel/library/jsonpatch.go.

const operationFields: Readonly<Record<string, CelType>> = {
  op: stringType,
  from: stringType,
  path: stringType,
  value: dynType,
};

/** One operation of a JSON patch. */
const operationType = objectType("JSONPatch", (name) => operationFields[name]);
export const jsonPatchType: CelType = listType(operationType);

/** An apply configuration; what is in it is not checked before it is applied. */
export const applyConfigurationType: CelType = objectType("Object", () => dynType);

/** `JSONPatch`, `Object`, and `Object.spec` and so on, whose fields may be anything. */
export function patchStruct(name: string): StructType | undefined {
  if (name === "JSONPatch") return { type: operationType, field: (field) => operationFields[field] };
  if (name !== "Object" && !name.startsWith("Object.")) return undefined;
  return { type: name === "Object" ? applyConfigurationType : objectType(name, () => dynType), field: () => dynType };
}

export const patchLibrary: Library = {
  name: "kubernetes.jsonpatch",
  functions: [
    globalFunction("jsonpatch.escapeKey", [
      "string_jsonpatch_escapeKey_string",
      [stringType],
      stringType,
      ([text]) => String(text).replace(/~/g, "~0").replace(/\//g, "~1"),
    ]),
  ],
};
