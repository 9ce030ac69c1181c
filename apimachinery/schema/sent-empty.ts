import type { JsonValue } from "../json/json.ts";

/**
 * Go tells a list, a map or bytes that are there and empty from those that are absent: `[]` is not nil. What is stored does
 * not, and neither do the objects of this project: an empty value that encoding leaves out is left out by decoding. A few of
 * upstream's rules see it nevertheless, between decoding and the store, and they ask here. An entry goes with its struct.
 */
const sentEmpty = new WeakMap<object, ReadonlyMap<string, JsonValue>>();

/** Decoding has left these fields of the struct out, which were sent empty. */
export function noteSentEmpty(struct: object, fields: ReadonlyMap<string, JsonValue>): void {
  sentEmpty.set(struct, fields);
}

/** A copy that is to be known to have been sent as the original was. */
export function likeSent<T extends object>(copy: T, original: object | undefined): T {
  const fields = original && sentEmpty.get(original);
  if (fields !== undefined) sentEmpty.set(copy, fields);
  return copy;
}

/**
 * What the field was sent as, `[]`, `{}` or `""`, where this very struct was decoded from JSON that held it empty and encoding
 * leaves it out; else undefined. A copy of the struct knows nothing of it, nor does what is read from the store.
 */
export function sentEmptyOf(struct: object | undefined, field: string): JsonValue | undefined {
  return struct && sentEmpty.get(struct)?.get(field);
}

/** Go's `value.field != nil` for a list, a map or bytes. */
export function isPresent<T extends object>(struct: T | undefined, field: keyof T & string): boolean {
  return struct?.[field] !== undefined || sentEmptyOf(struct, field) !== undefined;
}

/** Whether a struct at any depth of the value was sent with such a field: the value is then not what the store would give. */
export function holdsSentEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return sentEmpty.has(value) || Object.values(value).some(holdsSentEmpty);
}
