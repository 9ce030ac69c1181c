import type { JsonObject } from "../json/json.ts";
import type { InVersion } from "../resource/resource.ts";
import { converted } from "./conversion.ts";
import { differenceOf, emptySet, type FieldSet, intersectionOf, isEmptySet, unionOf } from "./field-set.ts";
import type { Manager, Managers } from "./managers.ts";
import { removeFields, withNamedFields } from "./remove.ts";
import type { OwnershipContext } from "./update.ts";
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

  const at = convertTo(merged, last.apiVersion, context, "failed to convert merged object to last applied version");
  if (at === undefined) return merged;
  const withoutLast = removeFields(at.schema, at.object, withNamedFields(last.fields, at.schema));
  const withOwned = addBackOwned(at, withoutLast, last.apiVersion, managers, context);
  const pruned = addBackDangling(at, withOwned, last.fields);
  if (last.apiVersion === context.apiVersion || context.convert === undefined) return pruned;
  return converted(context.convert, pruned, context.apiVersion, failed)?.object ?? merged;
}

const failed = "failed to prune fields";

function convertTo(
  object: JsonObject,
  apiVersion: string,
  { schema, apiVersion: own, convert }: Context,
  what: string,
): InVersion | undefined {
  if (apiVersion === own || convert === undefined) return { object, schema };
  return converted(convert, object, apiVersion, `${failed}: ${what}`);
}

const backWhat = `${failed}: failed add back dangling items: failed to convert pruned object to last applied version`;

/** Puts back what any manager owns. Versions are converted to as needed, the pruned object's own first. */
function addBackOwned(
  merged: InVersion,
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
    const { convert } = apiVersion === version ? { convert: undefined } : context;
    const what = (which: string): string =>
      `${failed}: failed add back owned items: failed to convert ${which} object at version ${apiVersion}`;
    const whole = convert === undefined ? merged : converted(convert, merged.object, apiVersion, what("merged"));
    const part = convert === undefined ? pruned : converted(convert, pruned, apiVersion, what("pruned"))?.object;
    if (whole === undefined || part === undefined) continue;
    const kept = unionOf(fieldsOf(whole, part), withNamedFields(fields, whole.schema));
    const result = removeFields(whole.schema, whole.object, differenceOf(fieldsOf(whole, whole.object), kept));
    const back = convert === undefined ? result : converted(convert, result, version, backWhat)?.object;
    if (back !== undefined) pruned = back;
  }
  return pruned;
}

/** Puts back what the applier never said itself but what went with an item or key that it removed. */
function addBackDangling(merged: InVersion, pruned: JsonObject, last: FieldSet): JsonObject {
  const gone = differenceOf(fieldsOf(merged, merged.object), fieldsOf(merged, pruned));
  return removeFields(merged.schema, merged.object, intersectionOf(gone, withNamedFields(last, merged.schema)));
}

function fieldsOf({ schema }: InVersion, object: JsonObject): FieldSet {
  return withNamedFields(fieldSetOf(schema, object), schema);
}
