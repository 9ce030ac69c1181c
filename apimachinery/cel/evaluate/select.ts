import { CelType } from "../types/type.ts";
import { CelError, noSuchKey, noSuchOverload } from "../values/error.ts";
import { formatDouble } from "../values/go-number.ts";
import { typeOf } from "../values/kind.ts";
import { ListValue, MapValue, mapKey, Optional, type Result, Uint, type Value } from "../values/value.ts";

function spell(key: Value): string {
  if (key instanceof Uint) return String(key.value);
  if (typeof key === "number") return formatDouble(key);
  if (key === null) return "null";
  return key instanceof CelType ? key.name : String(key);
}

/** The value at a key or index, `undefined` where there is none. */
function find(value: Value, key: Value): Result | undefined {
  if (value instanceof MapValue) return value.get(key);
  if (value instanceof ListValue) {
    const index = indexOf(key);
    if (index instanceof CelError) return index;
    return index >= 0n && index < BigInt(value.size()) ? value.at(Number(index)) : undefined;
  }
  return undefined;
}

function indexOf(key: Value): bigint | CelError {
  if (typeof key === "bigint") return key;
  if (key instanceof Uint) return key.value;
  if (typeof key === "number") {
    const whole = mapKey(key);
    return typeof whole === "bigint" ? whole : new CelError(`unsupported index value ${formatDouble(key)} in list`);
  }
  return new CelError(`unsupported index type '${typeOf(key).name}' in list`);
}

/** `value[key]` or `value.key`; on an optional, an optional. */
export function qualify(value: Value, key: Value): Result {
  if (value instanceof Optional) return qualifyOptional(value, key);
  const found = find(value, key);
  if (found !== undefined) return found;
  return value instanceof ListValue ? new CelError(`index out of bounds: ${spell(key)}`) : noSuchKey(spell(key));
}

/** `value[?key]` or `value.?key`: none where there is nothing. */
export function qualifyOptional(value: Value, key: Value): Optional | CelError {
  const inner = value instanceof Optional ? value.value : value;
  if (inner === undefined) return Optional.none;
  const found = find(inner, key);
  if (found === undefined) return Optional.none;
  return found instanceof CelError ? found : new Optional(found);
}

/** `has(value.key)` */
export function present(value: Value, key: string): Result {
  const inner = value instanceof Optional ? value.value : value;
  if (inner === undefined) return false;
  if (inner instanceof MapValue) {
    if (!inner.has(key)) return false;
    const found = inner.get(key);
    return found instanceof CelError ? found : true;
  }
  if (inner instanceof ListValue) return indexOf(key);
  return inner === null || typeof inner !== "object" ? false : noSuchOverload;
}
