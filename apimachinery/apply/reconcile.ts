import type { JsonObject } from "../json/json.ts";
import type { Schema } from "../schema/schema.ts";
import { converted } from "./conversion.ts";
import { type FieldSet, type FieldTree, leaf } from "./field-set.ts";
import { type Managers, setFields } from "./managers.ts";
import { type Associative, childSchema, shapeOf } from "./structure.ts";
import type { OwnershipContext } from "./update.ts";

/** Sets known to fit a schema: they are immutable, so one look is enough. */
const fitting = new WeakMap<FieldSet, Schema>();

/**
 * Adapts what managers own to a schema that changed since: where a list or map has become atomic, who owned something in it
 * owns the whole (typed/reconcile_schema.go). The other way round is not supported, as upstream.
 */
export function reconcileManagers(managers: Managers, live: JsonObject, context: OwnershipContext): Managers {
  const result: Managers = new Map(managers);
  for (const [id, manager] of managers) {
    const schema =
      manager.apiVersion === context.apiVersion || context.convert === undefined
        ? context.schema
        : converted(context.convert, live, manager.apiVersion, "")?.schema;
    // A version that is gone: the managers of it are dropped where ownership is compared.
    if (schema === undefined) continue;
    setFields(result, id, reconcileFields(manager.fields, schema));
  }
  return result;
}

/** The set fitted to the schema; the very set where it fits. */
export function reconcileFields(fields: FieldSet, schema: Schema): FieldSet {
  if (fitting.get(fields) === schema) return fields;
  const fitted = fitChildren(fields, schema as Associative);
  fitting.set(fitted, schema);
  return fitted;
}

function fit(node: FieldSet, schema: Schema): FieldSet {
  const inner = Object.keys(node).some((element) => element !== ".");
  if (!inner) return node;
  if (schema.type === "any") return node;
  const shape = shapeOf(schema, undefined);
  if (shape === "leaf")
    return schema.type === "list" || schema.type === "map" || schema.type === "object" ? leaf : node;
  return fitChildren(node, schema);
}

function fitChildren(node: FieldSet, schema: Schema): FieldSet {
  let fitted: FieldTree | undefined;
  for (const element in node) {
    if (element === ".") continue;
    const child = node[element]!;
    const adapted = fit(child, elementSchema(schema, element));
    if (adapted === child) continue;
    fitted ??= { ...node } as FieldTree;
    fitted[element] = adapted as FieldTree;
  }
  return fitted ?? node;
}

function elementSchema(schema: Schema, element: string): Schema {
  if (schema.type === "list") return schema.items;
  if (schema.type === "object" || schema.type === "map" || schema.type === "any") {
    return childSchema(schema, element.slice(2));
  }
  return schema;
}
