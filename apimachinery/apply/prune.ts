import type { JsonObject } from "../json/json.ts";
import { differenceOf, emptySet, type FieldSet, intersectionOf, isEmptySet, unionOf } from "./field-set.ts";
import type { Manager, Managers } from "./managers.ts";
import { removeFields, withNamedFields } from "./remove.ts";
import type { Converted, OwnershipContext } from "./update.ts";
import { fieldSetOf } from "./whole-set.ts";

type Context = Pick<OwnershipContext, "schema" | "apiVersion" | "convert">;

interface Pruning {
  /** The applier as it was before. */
  readonly last: Manager | undefined;
  /** What it says now. */
  readonly now: FieldSet;
  /** Everybody, the applier with what it says now. */
  readonly managers: Managers;
  readonly context: Context;
}

/**
 * The merged object without what the applier said last time and says no more, unless somebody else owns it
 * (structured-merge-diff, merge/update.go).
 *
 * Example: the applier owned `replicas` and `image`, now applies `image` only: `replicas` goes, or stays with the value it has
 * where another manager owns it too.
 */
export function prune(merged: JsonObject, { last, now, managers, context }: Pruning): JsonObject {
  if (last === undefined || isEmptySet(last.fields)) return merged;
  // Nothing was dropped, so everything would be added back.
  if (last.apiVersion === context.apiVersion && isEmptySet(differenceOf(last.fields, now))) return merged;

  const at = convertTo(merged, last.apiVersion, context);
  if (at === undefined) return merged;
  const withoutLast = removeFields(at.schema, at.object, withNamedFields(last.fields, at.schema));
  const withOwned = addBackOwned(at, withoutLast, last.apiVersion, managers, context);
  const pruned = addBackDangling(at, withOwned, last.fields);
  if (last.apiVersion === context.apiVersion || context.convert === undefined) return pruned;
  return context.convert(pruned, context.apiVersion)?.object ?? merged;
}

function convertTo(object: JsonObject, apiVersion: string, context: Context): Converted | undefined {
  if (apiVersion === context.apiVersion || context.convert === undefined) return { object, schema: context.schema };
  return context.convert(object, apiVersion);
}

/** Puts back what any manager owns. Versions are converted to as needed, the pruned object's own first. */
function addBackOwned(
  merged: Converted,
  withoutLast: JsonObject,
  version: string,
  managers: Managers,
  context: Context,
): JsonObject {
  const owned = new Map<string, FieldSet>([[version, emptySet]]);
  for (const { apiVersion, fields } of managers.values()) {
    owned.set(apiVersion, unionOf(owned.get(apiVersion) ?? emptySet, fields));
  }
  let pruned = withoutLast;
  for (const [apiVersion, fields] of owned) {
    if (isEmptySet(fields)) continue;
    const foreign = apiVersion !== version && context.convert !== undefined;
    const whole = foreign ? context.convert?.(merged.object, apiVersion) : merged;
    const part = foreign ? context.convert?.(pruned, apiVersion)?.object : pruned;
    if (whole === undefined || part === undefined) continue;
    const kept = unionOf(fieldsOf(whole, part), withNamedFields(fields, whole.schema));
    const result = removeFields(whole.schema, whole.object, differenceOf(fieldsOf(whole, whole.object), kept));
    const back = foreign ? context.convert?.(result, version)?.object : result;
    if (back !== undefined) pruned = back;
  }
  return pruned;
}

/** Puts back what the applier never said itself but what went with an item or key that it removed. */
function addBackDangling(merged: Converted, pruned: JsonObject, last: FieldSet): JsonObject {
  const gone = differenceOf(fieldsOf(merged, merged.object), fieldsOf(merged, pruned));
  return removeFields(merged.schema, merged.object, intersectionOf(gone, withNamedFields(last, merged.schema)));
}

function fieldsOf({ schema }: Converted, object: JsonObject): FieldSet {
  return withNamedFields(fieldSetOf(schema, object), schema);
}
