import type { JsonObject, JsonValue } from "../json/json.ts";
import { asResource, itemsOf, metaFields, type Props, propertyOf, valuesOf } from "./props.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/pruning/algorithm.go.

type Step = string | number;

/** What was dropped on the way, where somebody asks. */
interface Trail {
  readonly steps: Step[];
  readonly dropped: string[] | undefined;
}

/**
 * Drops, in place, the fields that the schema does not specify. `isResource`: the value is a whole API object. Returns the
 * paths of what was dropped, sorted, such as `spec.containers[0].foo`.
 */
export function prune(value: JsonValue, props: Props, isResource: boolean): readonly string[] {
  const record: Trail = { steps: [], dropped: [] };
  pruneValue(value, isResource ? asResource(props) : props, record);
  return record.dropped!.sort();
}

function pruneValue(value: JsonValue, props: Props | undefined, record: Trail): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    const items = props === undefined ? undefined : itemsOf(props);
    const preserve = props?.["x-kubernetes-preserve-unknown-fields"] === true;
    // What is preserved within a list without a schema of its items is preserved at every depth.
    if (preserve && items === undefined) return;
    each(value, record, (item) => pruneValue(item, preserve ? preserving(items!) : items, record));
    return;
  }
  if (props === undefined) {
    for (const key of Object.keys(value)) drop(value, key, record);
    return;
  }
  pruneObject(value, props, record);
}

/** The items of a list that preserves unknown fields do so themselves (skipPrune). */
function preserving(items: Props): Props {
  return items["x-kubernetes-preserve-unknown-fields"] === true
    ? items
    : { ...items, "x-kubernetes-preserve-unknown-fields": true };
}

function pruneObject(value: JsonObject, props: Props, record: Trail): void {
  const preserve = props["x-kubernetes-preserve-unknown-fields"] === true;
  const embedded = props["x-kubernetes-embedded-resource"] === true;
  for (const key in value) {
    if (embedded && metaFields.has(key)) continue;
    const property = propertyOf(props, key);
    if (property === undefined && props.additionalProperties === undefined) {
      if (!preserve) drop(value, key, record);
      continue;
    }
    const inner = value[key]!;
    if (typeof inner !== "object" || inner === null) continue;
    record.steps.push(key);
    pruneValue(inner, property ?? valuesOf(props), record);
    record.steps.pop();
  }
}

function each(list: readonly JsonValue[], record: Trail, visit: (item: JsonValue) => void): void {
  for (let i = 0; i < list.length; i++) {
    const item = list[i]!;
    if (typeof item !== "object" || item === null) continue;
    record.steps.push(i);
    visit(item);
    record.steps.pop();
  }
}

function drop(value: JsonObject, key: string, { steps, dropped }: Trail): void {
  delete value[key];
  if (dropped !== undefined && (steps.length > 0 || !metaFields.has(key))) dropped.push(pathOf(steps, key));
}

function pathOf(steps: readonly Step[], last: string): string {
  let path = "";
  for (const step of [...steps, last]) {
    path += typeof step === "number" ? `[${step}]` : path === "" ? step : `.${step}`;
  }
  return path;
}
