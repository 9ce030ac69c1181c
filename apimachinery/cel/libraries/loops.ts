import { globalFunction } from "../check/function.ts";
import { bindMacros, mapInsert, twoVariableMacros } from "../syntax/macros.ts";
import { mapType, typeParameter } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { type LiteralMap, type MapValue, mapKey, type Result, type Value } from "../values/value.ts";
import type { Library } from "./library.ts";

const k = typeParameter("K");
const v = typeParameter("V");
const mapKV = mapType(k, v);

/** The map is the one that the loop is building: it grows in place. */
function insert(map: Value, key: Value, value: Value): Result {
  if ((map as LiteralMap).set(key, value)) return map;
  return mapKey(key) === undefined
    ? new CelError("unsupported key type")
    : new CelError(`insert failed: key ${String(key)} already exists`);
}

function insertAll([map, entries]: readonly Value[]): Result {
  const from = entries as MapValue;
  for (const key of from.keys()) {
    const value = from.get(key)!;
    if (value instanceof CelError) return value;
    const inserted = insert(map!, key, value);
    if (inserted instanceof CelError) return inserted;
  }
  return map!;
}

/** `x.all(i, v, p)`, `x.transformMap(k, v, e)` and their like. */
export const twoVariableLibrary: Library = {
  name: "cel.lib.ext.comprev2",
  macros: twoVariableMacros,
  functions: [
    globalFunction(
      mapInsert,
      ["@mapInsert_map_key_value", [mapKV, k, v], mapKV, ([map, key, value]) => insert(map!, key!, value!)],
      ["@mapInsert_map_map", [mapKV, mapKV], mapKV, insertAll],
    ),
  ],
};

/** `cel.bind(name, value, expression)`. Kubernetes offers it to device selectors only. */
export const bindingsLibrary: Library = { name: "cel.lib.ext.cel.bindings", macros: bindMacros };
