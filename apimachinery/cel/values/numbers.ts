import { joinDeclaredLists } from "./declared-list.ts";
import {
  CelError,
  divisionByZero,
  durationOverflow,
  integerOverflow,
  modulusByZero,
  noSuchOverload,
  timestampOverflow,
  unsignedOverflow,
} from "./error.ts";
import { Duration, GrowingList, JoinedList, ListValue, type Result, Timestamp, Uint, type Value } from "./value.ts";

export const minInt = -(2n ** 63n);
export const maxInt = 2n ** 63n - 1n;
export const maxUint = 2n ** 64n - 1n;
/** 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999999Z. */
export const minTimestamp = -62135596800n * 1_000_000_000n;
export const maxTimestamp = 253402300800n * 1_000_000_000n - 1n;

export function int(value: bigint): Result {
  return value < minInt || value > maxInt ? integerOverflow : value;
}

export function uint(value: bigint): Result {
  return value < 0n || value > maxUint ? unsignedOverflow : new Uint(value);
}

export function duration(nanos: bigint): Result {
  return nanos < minInt || nanos > maxInt ? durationOverflow : new Duration(nanos);
}

export function timestamp(nanos: bigint, offset = 0): Result {
  return nanos < minTimestamp || nanos > maxTimestamp ? timestampOverflow : new Timestamp(nanos, offset);
}

export function add(left: Value, right: Value): Result {
  if (typeof left === "bigint") return typeof right === "bigint" ? int(left + right) : noSuchOverload;
  if (typeof left === "string") return typeof right === "string" ? left + right : noSuchOverload;
  if (typeof left === "number") return typeof right === "number" ? left + right : noSuchOverload;
  if (left instanceof ListValue) return right instanceof ListValue ? addLists(left, right) : noSuchOverload;
  if (left instanceof Uint) return right instanceof Uint ? uint(left.value + right.value) : noSuchOverload;
  if (left instanceof Uint8Array) {
    if (!(right instanceof Uint8Array)) return noSuchOverload;
    const joined = new Uint8Array(left.length + right.length);
    joined.set(left);
    joined.set(right, left.length);
    return joined;
  }
  if (left instanceof Duration) {
    if (right instanceof Duration) return duration(left.nanos + right.nanos);
    return right instanceof Timestamp ? timestamp(left.nanos + right.nanos, right.offset) : noSuchOverload;
  }
  if (left instanceof Timestamp)
    return right instanceof Duration ? timestamp(left.nanos + right.nanos, left.offset) : noSuchOverload;
  return noSuchOverload;
}

function addLists(left: ListValue, right: ListValue): Result {
  if (left instanceof GrowingList) {
    left.append(right);
    return left;
  }
  return joinDeclaredLists(left, right) ?? new JoinedList(left, right);
}

export function subtract(left: Value, right: Value): Result {
  if (typeof left === "bigint") return typeof right === "bigint" ? int(left - right) : noSuchOverload;
  if (typeof left === "number") return typeof right === "number" ? left - right : noSuchOverload;
  if (left instanceof Uint) return right instanceof Uint ? uint(left.value - right.value) : noSuchOverload;
  if (left instanceof Duration) return right instanceof Duration ? duration(left.nanos - right.nanos) : noSuchOverload;
  if (left instanceof Timestamp) {
    if (right instanceof Duration) return timestamp(left.nanos - right.nanos, left.offset);
    return right instanceof Timestamp ? duration(left.nanos - right.nanos) : noSuchOverload;
  }
  return noSuchOverload;
}

export function multiply(left: Value, right: Value): Result {
  if (typeof left === "bigint") return typeof right === "bigint" ? int(left * right) : noSuchOverload;
  if (typeof left === "number") return typeof right === "number" ? left * right : noSuchOverload;
  if (left instanceof Uint) return right instanceof Uint ? uint(left.value * right.value) : noSuchOverload;
  return noSuchOverload;
}

export function divide(left: Value, right: Value): Result {
  if (typeof left === "bigint") {
    if (typeof right !== "bigint") return noSuchOverload;
    return right === 0n ? divisionByZero : int(left / right);
  }
  if (typeof left === "number") return typeof right === "number" ? left / right : noSuchOverload;
  if (left instanceof Uint) {
    if (!(right instanceof Uint)) return noSuchOverload;
    return right.value === 0n ? divisionByZero : new Uint(left.value / right.value);
  }
  return noSuchOverload;
}

export function modulo(left: Value, right: Value): Result {
  if (typeof left === "bigint") {
    if (typeof right !== "bigint") return noSuchOverload;
    if (right === 0n) return modulusByZero;
    // cel-go reports this pair although the remainder, 0, would fit.
    return left === minInt && right === -1n ? integerOverflow : left % right;
  }
  if (left instanceof Uint) {
    if (!(right instanceof Uint)) return noSuchOverload;
    return right.value === 0n ? modulusByZero : new Uint(left.value % right.value);
  }
  return noSuchOverload;
}

export function negate(value: Value): Result {
  if (typeof value === "bigint") return int(-value);
  if (typeof value === "number") return -value;
  if (value instanceof Duration) return duration(-value.nanos);
  return noSuchOverload;
}

/** A double as an integer, towards zero; the range is open as cel-go has it, since 2^63 has no neighbour below. */
export function intOfDouble(value: number): Result {
  const whole = Math.trunc(value);
  if (Number.isNaN(value) || whole <= -(2 ** 63) || whole >= 2 ** 63) return integerOverflow;
  return BigInt(whole);
}

export function uintOfDouble(value: number): Result {
  const whole = Math.trunc(value);
  if (Number.isNaN(value) || whole < 0 || whole >= 2 ** 64) return unsignedOverflow;
  return new Uint(BigInt(whole));
}

export function failure(message: string): CelError {
  return new CelError(message);
}
