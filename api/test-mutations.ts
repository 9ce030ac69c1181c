import fc from "fast-check";
import type { JsonValue } from "../apimachinery/json/json.ts";
import { thaw } from "../apimachinery/resource/thaw.ts";

// What tests of every kind of object share: broken versions of a good one.

type Steps = readonly (string | number)[];

/** Every place in a value, as the steps to it. */
function places(value: unknown, at: Steps = []): Steps[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

function valueAt(object: unknown, steps: Steps): unknown {
  return steps.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], object);
}

/** What a hostile or broken client may put where such a value was: mostly what still decodes. */
function replacement(value: unknown): fc.Arbitrary<JsonValue> {
  switch (typeof value) {
    case "string":
      return fc.oneof(fc.constantFrom("", "..", "-1", "a b", "/", "x".repeat(300), "Always", "None"), fc.string());
    case "number":
      return fc.oneof(fc.constantFrom(0, -1, 65536, 2 ** 31 - 1), fc.integer());
    case "boolean":
      return fc.boolean();
    default:
      return Array.isArray(value)
        ? fc.constantFrom<JsonValue>(null, [], [null], [{}])
        : fc.constantFrom<JsonValue>(null, {});
  }
}

function put(object: object, steps: Steps, value: JsonValue): object {
  const copy = thaw(object) as Record<string | number, unknown>;
  let target: unknown = copy;
  for (const step of steps.slice(0, -1)) {
    target = (target as Record<string | number, unknown>)[step];
    // An earlier change took the place away.
    if (typeof target !== "object" || target === null) return copy;
  }
  (target as Record<string | number, unknown>)[steps.at(-1)!] = value;
  return copy;
}

/** The object with one to four of its values replaced by others. */
export function mutationsOf(object: object): fc.Arbitrary<object> {
  const mutation = fc
    .constantFrom(...places(object).slice(1))
    .chain((steps) => fc.tuple(fc.constant(steps), replacement(valueAt(object, steps))));
  return fc
    .array(mutation, { minLength: 1, maxLength: 4 })
    .map((changes) => changes.reduce((sum, [steps, value]) => put(sum, steps, value), object));
}
