import type { CompactDefinition, CompactDefinitions } from "../../apimachinery/schema/compact.ts";
import { schemaTable } from "../../apimachinery/schema/build.ts";
import type { ObjectSchema, Schema } from "../../apimachinery/schema/schema.ts";
import { definitionsText } from "./definitions-data.ts";

let compact: CompactDefinitions | undefined;

/** Every definition in its committed form, from which OpenAPI is written. Parsed when first asked for. */
export function compactDefinitions(): CompactDefinitions {
  compact ??= JSON.parse(definitionsText) as CompactDefinitions;
  return compact;
}

const table = schemaTable(compactDefinitions);

/** The structure of a built-in type by its full name, such as `io.k8s.api.core.v1.Pod`. The same value at each call. */
export function definition(name: string): ObjectSchema {
  return table.definition(name);
}

/** The same for definitions that are no struct either: Quantity, Time, IntOrString, RawExtension. */
export function definitionSchema(name: string): Schema {
  return table.schema(name);
}

/** The committed form of one definition by its full name. */
export function compactDefinition(name: string): CompactDefinition | undefined {
  return compactDefinitions()[name.replace(/^io\.k8s\./, "")];
}
