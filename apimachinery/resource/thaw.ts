import type { Draft } from "./object.ts";

/** A deep copy of plain JSON data that its owner may change; several times faster than structuredClone. */
export function thaw<T>(value: T): Draft<T> {
  return copy(value) as Draft<T>;
}

function copy(value: unknown): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (Array.isArray(value)) {
    const list = new Array(value.length);
    for (let i = 0; i < value.length; i++) {
      list[i] = copy(value[i]);
    }
    return list;
  }
  const object: Record<string, unknown> = {};
  for (const key in value) {
    object[key] = copy((value as Record<string, unknown>)[key]);
  }
  return object;
}

/** Deep equality of plain JSON data; a field that is undefined is absent. */
export function equalJson(a: unknown, b: unknown): boolean {
  if (a === b) {
    return true;
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return false;
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => equalJson(item, b[i]));
  }
  const left = a as Record<string, unknown>;
  const right = b as Record<string, unknown>;
  let count = 0;
  for (const key in left) {
    if (left[key] !== undefined) {
      count++;
      if (!equalJson(left[key], right[key])) {
        return false;
      }
    }
  }
  for (const key in right) {
    if (right[key] !== undefined) {
      count--;
    }
  }
  return count === 0;
}
