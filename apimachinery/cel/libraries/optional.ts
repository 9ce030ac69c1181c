import { globalFunction, memberFunction } from "../check/function.ts";
import { operators } from "../syntax/ast.ts";
import { optionalMacros } from "../syntax/macros.ts";
import { boolType, dynType, intType, listType, mapType, optionalType, typeParameter } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import {
  ArrayList,
  Duration,
  ListValue,
  MapValue,
  Optional,
  type Result,
  Timestamp,
  Uint,
  type Value,
} from "../values/value.ts";
import type { Library } from "./library.ts";

const v = typeParameter("V");
const k = typeParameter("K");
const optionalV = optionalType(v);
const listV = listType(v);
const mapKV = mapType(k, v);
const never = (): CelError => new CelError("no such overload");

/** Zero, empty, null, false: what `optional.ofNonZeroValue` takes for nothing. */
function isZero(value: Value): boolean {
  if (value === null || value === false || value === "" || value === 0n || value === 0) return true;
  if (value instanceof Uint) return value.value === 0n;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof ListValue || value instanceof MapValue) return value.size() === 0;
  if (value instanceof Duration) return value.nanos === 0n;
  if (value instanceof Timestamp) return value.nanos === -62135596800n * 1_000_000_000n;
  return value instanceof Optional && (value.value === undefined || isZero(value.value));
}

function unwrapAll([list]: readonly Value[]): Result {
  const items: Value[] = [];
  const from = list as ListValue;
  for (let index = 0; index < from.size(); index++) {
    const item = from.at(index);
    if (item instanceof CelError) return item;
    if (!(item instanceof Optional)) return new CelError("value in list is not optional");
    if (item.value !== undefined) items.push(item.value);
  }
  return new ArrayList(items);
}

function end(list: Value | undefined, index: (size: number) => number): Result {
  const from = list as ListValue;
  if (from.size() === 0) return Optional.none;
  const item = from.at(index(from.size()));
  return item instanceof CelError ? item : new Optional(item);
}

function valueOr([optional, other]: readonly Value[]): Result {
  const { value } = optional as Optional;
  return value === undefined ? other! : value;
}

/** Values that may be absent: `a.?b.orValue(c)`. */
export const optionalLibrary: Library = {
  name: "cel.lib.optional",
  optionalSyntax: true,
  macros: optionalMacros,
  types: new Map([["optional_type", optionalType(dynType)]]),
  functions: [
    globalFunction("optional.of", ["optional_of", [v], optionalV, ([value]) => new Optional(value!)]),
    globalFunction("optional.ofNonZeroValue", [
      "optional_ofNonZeroValue",
      [v],
      optionalV,
      ([value]) => (isZero(value!) ? Optional.none : new Optional(value!)),
    ]),
    globalFunction("optional.none", ["optional_none", [], optionalV, () => Optional.none]),
    memberFunction("value", [
      "optional_value",
      [optionalV],
      v,
      ([optional]) => {
        const { value } = optional as Optional;
        return value === undefined ? new CelError("optional.none() dereference") : value;
      },
    ]),
    memberFunction("hasValue", [
      "optional_hasValue",
      [optionalV],
      boolType,
      ([optional]) => (optional as Optional).value !== undefined,
    ]),
    memberFunction("or", [
      "optional_or_optional",
      [optionalV, optionalV],
      optionalV,
      ([optional, other]) => ((optional as Optional).value === undefined ? other! : optional!),
    ]),
    memberFunction("orValue", ["optional_orValue_value", [optionalV, v], v, valueOr]),
    globalFunction("optional.unwrap", ["optional_unwrap", [listType(optionalV)], listV, unwrapAll]),
    memberFunction("unwrapOpt", ["optional_unwrapOpt", [listType(optionalV)], listV, unwrapAll]),
    memberFunction("first", ["list_first", [listV], optionalV, ([list]) => end(list, () => 0)]),
    memberFunction("last", ["list_last", [listV], optionalV, ([list]) => end(list, (size) => size - 1)]),
    globalFunction(
      operators.index,
      ["optional_list_index_int", [optionalType(listV), intType], optionalV, never],
      ["optional_map_index_value", [optionalType(mapKV), k], optionalV, never],
    ),
    globalFunction(
      operators.optionalIndex,
      ["list_optindex_optional_int", [listV, intType], optionalV, never],
      ["optional_list_optindex_optional_int", [optionalType(listV), intType], optionalV, never],
      ["map_optindex_optional_value", [mapKV, k], optionalV, never],
      ["optional_map_optindex_optional_value", [optionalType(mapKV), k], optionalV, never],
    ),
  ],
};
