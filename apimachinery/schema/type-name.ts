import type { Schema } from "./schema.ts";

/** Go's spelling of a schema's type: `int32`, `[]v1.Container`, `map[string]string`, `v1.PodSpec`. */
export function typeNameOf(schema: Schema): string {
  if (schema.definition !== undefined) return schema.definition.split(".").slice(-2).join(".");
  switch (schema.type) {
    case "object":
      return "map[string]interface {}";
    case "map":
      return `map[string]${typeNameOf(schema.values)}`;
    case "list":
      return `[]${typeNameOf(schema.items)}`;
    case "any":
      return "interface {}";
    case "integer":
      return schema.format ?? "int64";
    case "number":
      return "float64";
    case "boolean":
      return "bool";
    case "int-or-string":
      return "intstr.IntOrString";
    case "string":
      return schema.format === "byte" ? "[]uint8" : "string";
  }
}

/** Go's name of the elements of a list or map whose own name is known: `[]v1.Capability` → `v1.Capability`. */
export function elementTypeName(container: string | undefined, element: Schema): string {
  if (container?.startsWith("[]")) return container.slice(2).replace(/^\*/, "");
  if (container?.startsWith("map[")) return container.slice(container.indexOf("]") + 1).replace(/^\*/, "");
  return typeNameOf(element);
}
