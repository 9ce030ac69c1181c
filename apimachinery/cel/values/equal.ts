import { CelType } from "../types/type.ts";
import { CelError, noSuchOverload } from "./error.ts";
import { compareBytes, compareTexts } from "./text.ts";
import {
  Duration,
  ListValue,
  MapValue,
  OpaqueValue,
  Optional,
  type Result,
  Timestamp,
  Uint,
  type Value,
} from "./value.ts";

/** Equality over all types: numbers by their value, containers by their items, different types never. */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return typeof left !== "number" || !Number.isNaN(left);
  switch (typeof left) {
    case "string":
    case "boolean":
      return false;
    case "bigint":
    case "number":
      return numbersEqual(left, right);
  }
  if (left === null) return false;
  if (left instanceof Uint) return numbersEqual(left, right);
  if (left instanceof ListValue) return right instanceof ListValue && listsEqual(left, right);
  if (left instanceof MapValue) return right instanceof MapValue && mapsEqual(left, right);
  if (left instanceof Duration) return right instanceof Duration && left.nanos === right.nanos;
  if (left instanceof Timestamp) return right instanceof Timestamp && left.nanos === right.nanos;
  if (left instanceof Uint8Array) return right instanceof Uint8Array && compareBytes(left, right) === 0;
  if (left instanceof CelType) return right instanceof CelType && left.name === right.name;
  if (left instanceof Optional) {
    if (!(right instanceof Optional)) return false;
    if (left.value === undefined || right.value === undefined) return left.value === right.value;
    return equal(left.value, right.value);
  }
  return left instanceof OpaqueValue && left.equals(right);
}

/** An integer and a double are compared as doubles, as cel-go does: beyond 2^53 neighbours are equal. */
function numbersEqual(left: bigint | number | Uint, right: Value): boolean {
  const a = left instanceof Uint ? left.value : left;
  const b = right instanceof Uint ? right.value : right;
  if (typeof b !== "bigint" && typeof b !== "number") return false;
  return typeof a === typeof b ? a === b : Number(a) === Number(b);
}

function itemsEqual(left: Result | undefined, right: Result | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (left instanceof CelError || right instanceof CelError) return false;
  return equal(left, right);
}

function listsEqual(left: ListValue, right: ListValue): boolean {
  const size = left.size();
  if (size !== right.size()) return false;
  const type = left.type;
  if (type?.declaration?.listType === "set") return equalInAnyOrder(left, right);
  if (type?.declaration?.listType === "map") return equalByKeys(left, right, type.declaration.mapKeys ?? []);
  for (let index = 0; index < size; index++) {
    if (!itemsEqual(left.at(index), right.at(index))) return false;
  }
  return true;
}

function equalInAnyOrder(left: ListValue, right: ListValue): boolean {
  for (let index = 0; index < left.size(); index++) {
    let found = false;
    for (let other = 0; other < right.size() && !found; other++) found = itemsEqual(left.at(index), right.at(other));
    if (!found) return false;
  }
  return true;
}

function equalByKeys(left: ListValue, right: ListValue, keys: readonly string[]): boolean {
  const byKey = new Map<string, Result>();
  for (let index = 0; index < left.size(); index++) byKey.set(keyOf(left.at(index), keys), left.at(index));
  for (let index = 0; index < right.size(); index++) {
    const item = right.at(index);
    if (!itemsEqual(byKey.get(keyOf(item, keys)), item)) return false;
  }
  return true;
}

function keyOf(item: Result, keys: readonly string[]): string {
  if (!(item instanceof MapValue)) return "";
  return keys
    .map((key) => {
      const value = item.get(key);
      return value === undefined ? "" : `${typeof value}${String(value)}`;
    })
    .join("\u0000");
}

function mapsEqual(left: MapValue, right: MapValue): boolean {
  if (left.size() !== right.size()) return false;
  if (
    left.objectType !== undefined &&
    right.objectType !== undefined &&
    left.objectType.name !== right.objectType.name
  ) {
    return false;
  }
  return left.keys().every((key) => itemsEqual(left.get(key), right.get(key))) && left.hiddenEquals(right);
}

/** -1, 0 or 1; an error where the two have no order. NaN is neither below nor above: `undefined`. */
export function compare(left: Value, right: Value): number | undefined | CelError {
  if (typeof left === "string") return typeof right === "string" ? compareTexts(left, right) : noSuchOverload;
  if (typeof left === "boolean") return typeof right === "boolean" ? Number(left) - Number(right) : noSuchOverload;
  if (left instanceof Duration) return right instanceof Duration ? order(left.nanos, right.nanos) : noSuchOverload;
  if (left instanceof Timestamp) return right instanceof Timestamp ? order(left.nanos, right.nanos) : noSuchOverload;
  if (left instanceof Uint8Array) return right instanceof Uint8Array ? compareBytes(left, right) : noSuchOverload;
  const a = left instanceof Uint ? left.value : left;
  const b = right instanceof Uint ? right.value : right;
  if (typeof a !== "bigint" && typeof a !== "number") return noSuchOverload;
  if (typeof b !== "bigint" && typeof b !== "number") return noSuchOverload;
  return typeof a === typeof b ? order(a, b) : order(Number(a), Number(b));
}

function order(a: bigint | number, b: bigint | number): number | undefined {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number.isNaN(a) || Number.isNaN(b) ? undefined : 0;
}
