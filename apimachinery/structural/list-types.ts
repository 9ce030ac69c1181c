import type { FieldError } from "../field/error.ts";
import { duplicate, invalid } from "../field/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { itemsOf, type Props, propertyOf, valuesOf } from "./props.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/listtype/validation.go.

const relevant = new WeakMap<Props, boolean>();

/** Whether a schema says anything of a list's type, at any depth: most say nothing, and cost nothing. */
function saysListType(props: Props): boolean {
  let says = relevant.get(props);
  if (says === undefined) {
    const type = props["x-kubernetes-list-type"];
    const inner = [itemsOf(props), valuesOf(props), ...Object.values(props.properties ?? {})];
    says = type === "set" || type === "map" || inner.some((one) => one !== undefined && saysListType(one));
    relevant.set(props, says);
  }
  return says;
}

/** Items that stand twice in a list of type `set`, or with the same keys in one of type `map`. */
export function listTypeErrors(value: JsonObject, props: Props): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (saysListType(props)) check(value, props, "", errors);
  return errors;
}

function check(value: JsonValue, props: Props, path: string, errors: FieldError[]): void {
  if (!saysListType(props)) return;
  if (Array.isArray(value)) checkList(value, props, path, errors);
  else if (isJsonObject(value)) {
    const values = valuesOf(props);
    for (const key in value) {
      if (values !== undefined) check(value[key]!, values, `${path}[${key}]`, errors);
      const property = propertyOf(props, key);
      if (property !== undefined) check(value[key]!, property, path === "" ? key : `${path}.${key}`, errors);
    }
  }
}

function checkList(list: readonly JsonValue[], props: Props, path: string, errors: FieldError[]): void {
  const type = props["x-kubernetes-list-type"];
  if (type === "set") {
    for (const i of repeated(list)) errors.push(duplicate(`${path}[${i}]`, list[i]));
  } else if (type === "map") checkKeys(list, props["x-kubernetes-list-map-keys"] ?? [], path, errors);
  const items = itemsOf(props);
  if (items === undefined) return;
  list.forEach((item, i) => {
    check(item, items, `${path}[${i}]`, errors);
  });
}

function checkKeys(list: readonly JsonValue[], names: readonly string[], path: string, errors: FieldError[]): void {
  const misfit = list.findIndex((item) => item !== null && !isJsonObject(item));
  if (misfit >= 0) {
    errors.push(invalid(`${path}[${misfit}]`, list[misfit], "must be an object for an array of list-type map"));
    return;
  }
  if (list.length < 2) return;
  const keys = list.map((item) => {
    const key: JsonObject = {};
    for (const name of names) {
      const value = isJsonObject(item) && Object.hasOwn(item, name) ? item[name] : undefined;
      if (value !== undefined) key[name] = value;
    }
    return key;
  });
  for (const i of repeated(keys)) errors.push(duplicate(`${path}[${i}]`, keys[i]));
}

/** Where a value stands that has stood once before: its third and later places are not told. */
function repeated(values: readonly JsonValue[]): readonly number[] {
  if (values.length < 2) return [];
  const times = new Map<string, number>();
  const indexes: number[] = [];
  values.forEach((value, i) => {
    const text = canonical(value);
    const before = times.get(text) ?? 0;
    if (before === 1) indexes.push(i);
    times.set(text, before + 1);
  });
  return indexes;
}

/** JSON with its keys sorted: equal values have equal texts. */
function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "bigint") return String(value);
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `{${entries.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}
