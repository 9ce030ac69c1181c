import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatFieldError } from "../field/errors.ts";
import type { JsonValue } from "../json/json.ts";
import { Correlation } from "./correlation.ts";
import type { Props } from "./props.ts";
import { isValid } from "./valid.ts";
import { findingsOf, schemaErrors } from "./validate.ts";

const texts = (value: JsonValue, props: Props): readonly string[] => schemaErrors(value, props).map(formatFieldError);
const of = (a: Props): Props => ({ type: "object", properties: { a } });

const cases: readonly (readonly [string, JsonValue, Props, readonly string[]])[] = [
  [
    "a type",
    { a: 1 },
    of({ type: "string" }),
    ['a: Invalid value: "integer": a in body must be of type string: "integer"'],
  ],
  ["null", { a: null }, of({ type: "string" }), ['a: Invalid value: "null": a in body must be of type string: "null"']],
  ["a nullable", { a: null }, of({ type: "string", nullable: true }), []],
  [
    "a whole number",
    { a: 1.5 },
    of({ type: "integer" }),
    [
      'a: Invalid value: "number": a in body must be of type integer: "number"',
      '<nil>: Invalid value: "": Checked value must be of type integer (default format) in a',
    ],
  ],
  ["an integer as a number", { a: 2 }, of({ type: "number" }), []],
  [
    "a range",
    { a: 2.5 },
    of({ type: "number", maximum: 2, exclusiveMinimum: true, minimum: 2.5 }),
    [
      "a: Invalid value: 2.5: a in body should be greater than 2.5",
      "a: Invalid value: 2.5: a in body should be less than or equal to 2",
    ],
  ],
  [
    "multiples",
    { a: 7 },
    of({ type: "integer", multipleOf: 5 }),
    ["a: Invalid value: 7: a in body should be a multiple of 5"],
  ],
  [
    "a 32-bit integer",
    { a: 2 ** 31 },
    of({ type: "integer", format: "int32" }),
    ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in a'],
  ],
  [
    "lengths, in characters",
    { a: "äöü" },
    of({ type: "string", maxLength: 3, minLength: 4 }),
    ['a: Invalid value: "äöü": a in body should be at least 4 chars long'],
  ],
  [
    "a format",
    { a: "x" },
    of({ type: "string", format: "date-time" }),
    ['a: Invalid value: "x": a in body must be of type date-time: "x"'],
  ],
  [
    "counts",
    { a: [1, 1] },
    of({ type: "array", maxItems: 1, uniqueItems: true, items: { type: "integer" } }),
    ["a: Too many: 2: must have at most 1 item", 'a: Invalid value: "": a in body shouldn\'t contain duplicates'],
  ],
  [
    "properties",
    { a: {} },
    of({ type: "object", minProperties: 1, required: ["b"] }),
    ["a: Invalid value: 0: a in body should have at least 1 properties", "a.b: Required value"],
  ],
  [
    "values of a map",
    { a: { k: 1 } },
    of({ type: "object", additionalProperties: { type: "string" } }),
    ['a.k: Invalid value: "integer": a.k in body must be of type string: "integer"'],
  ],
  [
    "one of several",
    { a: 5 },
    of({ type: "integer", oneOf: [{ minimum: 1 }, { minimum: 2 }] }),
    ['<nil>: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
  ],
  [
    "none of several",
    { a: 0 },
    of({ type: "integer", anyOf: [{ minimum: 1 }, { minimum: 2 }] }),
    [
      '<nil>: Invalid value: "": "a" must validate at least one schema (anyOf)',
      "a: Invalid value: 0: a in body should be greater than or equal to 1",
    ],
  ],
  [
    "all of several",
    { a: 1 },
    of({ type: "integer", allOf: [{ minimum: 1 }, { minimum: 2 }] }),
    [
      "a: Invalid value: 1: a in body should be greater than or equal to 2",
      '<nil>: Invalid value: "": "a" must validate all the schemas (allOf)',
    ],
  ],
  [
    "what must not be",
    { a: 1 },
    of({ type: "integer", not: { enum: [1] } }),
    ['<nil>: Invalid value: "": "a" must not validate the schema (not)'],
  ],
];

for (const [what, value, props, expected] of cases) {
  test(`${what}: ${JSON.stringify(value)}`, () => assert.deepEqual(texts(value, props), expected));
}

test("what was as wrong before an update is let be, item by key and field by field", () => {
  const items: Props = {
    type: "object",
    properties: { name: { type: "string" }, size: { type: "integer", maximum: 5 } },
  };
  const props: Props = {
    type: "object",
    properties: {
      list: { type: "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], items },
      plain: { type: "array", items },
    },
  };
  const bad = { name: "a", size: 9 };
  const other = { name: "b", size: 1 };
  const errors = (value: JsonValue, old: JsonValue): readonly string[] =>
    schemaErrors(value, props, "", new Correlation(value, old, props)).map(({ field }) => field);
  assert.deepEqual(errors({ list: [other, bad] }, { list: [bad] }), []);
  assert.deepEqual(errors({ list: [{ ...bad, size: 8 }] }, { list: [bad] }), ["list[0].size"]);
  assert.deepEqual(errors({ plain: [bad] }, { plain: [bad] }), []);
  assert.deepEqual(errors({ plain: [bad, other] }, { plain: [bad] }), ["plain[0].size"]);
});

const scalar = fc.constantFrom<JsonValue>(null, true, 0, 1, 2.5, -3, "", "a", "abc");
const values = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom("a", "b", "c"), tie("value"), { maxKeys: 3 }) as fc.Arbitrary<JsonValue>,
  ),
})).value;
/** Schemas that hold others up to this depth. */
function schemasOf(depth: number): fc.Arbitrary<Props> {
  const own = {
    type: fc.constantFrom("string", "integer", "number", "boolean", "array", "object"),
    nullable: fc.boolean(),
    minimum: fc.constantFrom(0, 2),
    maximum: fc.constantFrom(1, 3),
    maxLength: fc.constantFrom(0, 2),
    pattern: fc.constantFrom("^a", "b$"),
    format: fc.constantFrom("int32", "date", "nonsense"),
    enum: fc.array(scalar, { minLength: 1, maxLength: 3 }),
    maxItems: fc.constantFrom(1, 2),
    uniqueItems: fc.boolean(),
    required: fc.subarray(["a", "b"]),
  };
  if (depth === 0) return fc.record(own, { requiredKeys: [] }) as fc.Arbitrary<Props>;
  const inner = schemasOf(depth - 1);
  const several = fc.array(inner, { minLength: 1, maxLength: 2 });
  const nested = {
    properties: fc.dictionary(fc.constantFrom("a", "b"), inner, { maxKeys: 2 }),
    additionalProperties: fc.oneof(fc.boolean(), inner),
    items: inner,
    anyOf: several,
    oneOf: several,
    allOf: several,
    not: inner,
  };
  return fc.record({ ...own, ...nested }, { requiredKeys: [] }) as fc.Arbitrary<Props>;
}

test("the quick verdict and the one in words agree on every value and schema", () => {
  fc.assert(
    fc.property(values, schemasOf(2), (value, props) => {
      assert.equal(findingsOf(value, props).length === 0, isValid(value, props));
    }),
    { numRuns: 300 },
  );
});
