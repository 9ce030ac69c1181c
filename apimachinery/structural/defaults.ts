import type { JsonObject, JsonValue } from "../json/json.ts";
import { thaw } from "../resource/thaw.ts";
import { itemsOf, type Props, propertyOf, valuesOf } from "./props.ts";

// Rules: apiextensions-apiserver/pkg/apiserver/schema/defaulting/{algorithm,prunenulls}.go.

type Apply = (value: JsonValue) => boolean;

const appliers = new WeakMap<Props, Apply>();
const nothing: Apply = () => false;

/**
 * Sets the schema's defaults, in place, wherever a field is absent, or null though it may not be. Says whether anything
 * changed. Compiled once for each schema.
 */
export function applyStructuralDefaults(value: JsonValue, props: Props): boolean {
  return applierOf(props)(value);
}

function applierOf(props: Props | undefined): Apply {
  if (props === undefined) return nothing;
  let apply = appliers.get(props);
  if (apply === undefined) {
    apply = compile(props);
    appliers.set(props, apply);
  }
  return apply;
}

const hasDefault = (props: Props | undefined): boolean => props?.default !== undefined && props.default !== null;

function compile(props: Props): Apply {
  const entries = Object.entries(props.properties ?? {});
  const defaults = entries.filter(([, property]) => hasDefault(property));
  const nested = new Map(entries.map(([name, property]) => [name, applierOf(property)] as const));
  const values = valuesOf(props);
  const applyValues = applierOf(values);
  const items = itemsOf(props);
  const applyItems = applierOf(items);
  const idle =
    defaults.length === 0 &&
    [...nested.values()].every((apply) => apply === nothing) &&
    [values, items].every((inner) => inner === undefined || (applierOf(inner) === nothing && !hasDefault(inner)));
  if (idle) return nothing;
  return (value) => {
    if (typeof value !== "object" || value === null) return false;
    if (Array.isArray(value)) return items !== undefined && applyToItems(value, items, applyItems);
    let changed = false;
    for (const [name, property] of defaults) {
      const current = Object.hasOwn(value, name) ? value[name] : undefined;
      if (current === undefined || (current === null && property.nullable !== true)) {
        value[name] = thaw(property.default) as JsonValue;
        changed = true;
      }
    }
    for (const key in value) {
      const apply = nested.get(key);
      if (apply !== undefined) changed = apply(value[key]!) || changed;
      else if (values !== undefined) changed = applyToEntry(value, key, values, applyValues) || changed;
    }
    return changed;
  };
}

function applyToItems(list: JsonValue[], items: Props, apply: Apply): boolean {
  let changed = false;
  for (let i = 0; i < list.length; i++) {
    if (list[i] === null && items.nullable !== true && hasDefault(items)) {
      list[i] = thaw(items.default) as JsonValue;
      changed = true;
    }
    changed = apply(list[i]!) || changed;
  }
  return changed;
}

function applyToEntry(object: JsonObject, key: string, values: Props, apply: Apply): boolean {
  let changed = false;
  if (object[key] === null && values.nullable !== true && hasDefault(values)) {
    object[key] = thaw(values.default) as JsonValue;
    changed = true;
  }
  return apply(object[key]!) || changed;
}

/** Drops, in place, nulls that may not be and have no default; says whether there were any. */
export function dropNulls(value: JsonValue, props: Props | undefined): boolean {
  if (typeof value !== "object" || value === null) return false;
  let changed = false;
  if (Array.isArray(value)) {
    const items = props === undefined ? undefined : itemsOf(props);
    for (const item of value) changed = dropNulls(item, items) || changed;
    return changed;
  }
  for (const key in value) {
    const inner = value[key]!;
    if (inner !== null && typeof inner !== "object") continue;
    const schema = props === undefined ? undefined : (propertyOf(props, key) ?? valuesOf(props));
    if (inner !== null) changed = dropNulls(inner, schema) || changed;
    else if (schema !== undefined && schema.nullable !== true && !hasDefault(schema)) {
      delete value[key];
      changed = true;
    }
  }
  return changed;
}
