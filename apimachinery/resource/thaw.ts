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
