import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonValue } from "../json/json.ts";
import { parseJson } from "../json/strict-json.ts";
import { DecodeError, decodeObject } from "./decode.ts";
import { order, orderSpec } from "./testing.ts";

/** The object of an order whose spec is `spec`. */
function decodeSpec(spec: JsonValue): JsonValue {
  return decodeObject(order, { spec }).object.spec!;
}

/** The message that refuses a spec. */
function refusal(spec: JsonValue): string {
  try {
    decodeSpec(spec);
  } catch (error) {
    assert.ok(error instanceof DecodeError);
    return error.message;
  }
  return "accepted";
}

test("nulls are dropped, and so are empty values that encoding leaves out", () => {
  assert.deepEqual(decodeSpec({ policy: "", serial: 0, tags: [], limits: {}, placed: null, ratio: 0 }), {});
});

test("empty values of pointers and of fields without omitempty stay", () => {
  assert.deepEqual(decodeSpec({ title: "", replicas: 0, express: false }), { title: "", replicas: 0, express: false });
});

test("a zero that code replaces by its default counts as absent", () => {
  assert.deepEqual(decodeSpec({ rank: 0 }), {});
  assert.deepEqual(decodeSpec({ rank: 3 }), { rank: 3 });
});

test("a null in a list or a map becomes the zero of its type", () => {
  assert.deepEqual(decodeSpec({ tags: [null, "a"], items: [null], limits: { cpu: null }, data: { a: null } }), {
    tags: ["", "a"],
    items: [{}],
    limits: { cpu: "0" },
    data: { a: "" },
  });
});

test("unknown fields are dropped and named with their place", () => {
  const { object, unknownFields } = decodeObject(order, {
    metadata: { labels: { "a/b": "c" }, color: "red" },
    spec: { items: [{ name: "x" }, { name: "y", foo: { bar: [1] } }] },
    later: 1,
  });
  assert.deepEqual(unknownFields, [
    'unknown field "metadata.color"',
    'unknown field "spec.items[1].foo"',
    'unknown field "later"',
  ]);
  assert.deepEqual(object, { metadata: { labels: { "a/b": "c" } }, spec: { items: [{ name: "x" }, { name: "y" }] } });
});

test("at most 100 unknown fields are named", () => {
  const many = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`field${i}`, i]));
  assert.equal(decodeObject(order, many).unknownFields.length, 100);
});

test("keys are counted in what is kept and in what is dropped", () => {
  const { keyCount } = decodeObject(order, {
    spec: { nothing: { a: { b: [{ c: 1 }] } }, policy: null, extra: { d: { e: 1 } }, limits: { cpu: "1" } },
  });
  assert.equal(keyCount, 1 + 4 + 3 + 2 + 1);
});

test("an object that needs no change is returned itself", () => {
  const value = { apiVersion: "shop/v1", kind: "Order", metadata: { name: "a" }, spec: { items: [{ name: "b" }] } };
  assert.equal(decodeObject(order, value).object, value);
});

test("a map may have a key named __proto__, a struct may not", () => {
  const { object, unknownFields } = decodeObject(
    order,
    JSON.parse('{"metadata":{"labels":{"__proto__":"x"}},"__proto__":{"a":1},"spec":{"extra":{"__proto__":1}}}'),
  );
  assert.equal(JSON.stringify(object), '{"metadata":{"labels":{"__proto__":"x"}},"spec":{"extra":{"__proto__":1}}}');
  assert.deepEqual(unknownFields, ['unknown field "__proto__"']);
});

test("quantities become canonical, and those of a ResourceList no finer than milli", () => {
  assert.deepEqual(decodeSpec({ limits: { a: 1, b: "1024Mi", c: "0.5", d: " 2 ", e: "100n" } }), {
    limits: { a: "1", b: "1Gi", c: "500m", d: "2", e: "100n" },
  });
  assert.deepEqual(decodeSpec({ resources: { a: "100n", b: "1.0001", c: "128Mi", d: "1500m" } }), {
    resources: { a: "1m", b: "1001m", c: "128Mi", d: "1500m" },
  });
});

test("times become UTC with whole seconds, and the zero time is none", () => {
  assert.deepEqual(decodeSpec({ placed: "2024-02-29T12:00:00.75+02:00" }), { placed: "2024-02-29T10:00:00Z" });
  assert.deepEqual(decodeSpec({ placed: "0001-01-01T00:00:00Z" }), {});
});

test("any JSON passes through as it is", () => {
  const extra = { a: null, b: [], c: { d: "" } };
  assert.deepEqual(decodeSpec({ extra: structuredClone(extra) }), { extra });
});

const refusals: readonly [JsonValue, string][] = [
  [{ replicas: "3" }, "json: cannot unmarshal string into Go struct field OrderSpec.spec.replicas of type int32"],
  [
    { replicas: 99999999999 },
    "json: cannot unmarshal number 99999999999 into Go struct field OrderSpec.spec.replicas of type int32",
  ],
  [{ replicas: 1.5 }, "json: cannot unmarshal number 1.5 into Go struct field OrderSpec.spec.replicas of type int32"],
  [{ serial: 1e30 }, "json: cannot unmarshal number 1e+30 into Go struct field OrderSpec.spec.serial of type int64"],
  [{ policy: 3 }, "json: cannot unmarshal number into Go struct field OrderSpec.spec.policy of type v1.Policy"],
  [{ express: "yes" }, "json: cannot unmarshal string into Go struct field OrderSpec.spec.express of type bool"],
  [{ items: {} }, "json: cannot unmarshal object into Go struct field OrderSpec.spec.items of type []v1.Item"],
  [{ items: ["a"] }, "json: cannot unmarshal string into Go struct field OrderSpec.spec.items of type v1.Item"],
  [{ items: [{ name: [] }] }, "json: cannot unmarshal array into Go struct field Item.spec.items.name of type string"],
  [
    { items: [{ options: true }] },
    "json: cannot unmarshal bool into Go struct field Item.spec.items.options of type v1.Options",
  ],
  [
    { items: [{ port: true }] },
    "json: cannot unmarshal bool into Go struct field Item.spec.items.Handler.port of type int32",
  ],
  [
    { items: [{ port: 1.5 }] },
    "json: cannot unmarshal number 1.5 into Go struct field Item.spec.items.Handler.port of type int32",
  ],
  [{ limits: "x" }, "json: cannot unmarshal string into Go struct field OrderSpec.spec.limits of type v1.Limits"],
  [{ tags: "x" }, "json: cannot unmarshal string into Go struct field OrderSpec.spec.tags of type []v1.Tag"],
  [{ tags: [1] }, "json: cannot unmarshal number into Go struct field OrderSpec.spec.tags of type v1.Tag"],
  [{ data: [] }, "json: cannot unmarshal array into Go struct field OrderSpec.spec.data of type map[string][]uint8"],
  [{ data: { a: 1 } }, "json: cannot unmarshal number into Go struct field OrderSpec.spec.data of type []uint8"],
  [{ placed: 1 }, "json: cannot unmarshal number into Go struct field OrderSpec.spec.placed of type string"],
  [{ placed: "soon" }, 'parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006"'],
  [{ secret: "@@@@" }, "illegal base64 data at input byte 0"],
  [
    { limits: { cpu: true } },
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
];

for (const [spec, message] of refusals) {
  test(`${JSON.stringify(spec)} is refused with Go's words`, () => assert.equal(refusal(spec), message));
}

test("integers that only a bigint holds are read where 64 bits are, and refused where fewer are", () => {
  const parse = (text: string) => parseJson(text).value;
  assert.deepEqual(decodeSpec(parse('{"serial":9007199254740993}')), { serial: 9007199254740992 });
  const refused =
    "json: cannot unmarshal number 9007199254740993 into Go struct field OrderSpec.spec.replicas of type int32";
  assert.equal(refusal(parse('{"replicas":9007199254740993}')), refused);
  assert.equal(
    refusal(parse('{"policy":9007199254740993}')),
    "json: cannot unmarshal number into Go struct field OrderSpec.spec.policy of type v1.Policy",
  );
});

test("a root that is no object is refused without a field", () => {
  assert.throws(() => decodeObject(order, []), {
    message: "json: cannot unmarshal array into Go value of type v1.Order",
  });
  assert.throws(() => decodeObject(order, null), {
    message: "json: cannot unmarshal null into Go value of type v1.Order",
  });
});

const json = fc.jsonValue({ maxDepth: 5 }) as fc.Arbitrary<JsonValue>;

/** Specs whose fields exist and whose values are anything. */
const anySpec = fc.dictionary(fc.constantFrom(...orderSpec.fields.keys()), json) as fc.Arbitrary<JsonValue>;

test("whatever JSON comes, decoding returns or throws a DecodeError", () => {
  fc.assert(
    fc.property(fc.oneof(json, anySpec), (value) => {
      try {
        decodeObject(orderSpec, value);
      } catch (error) {
        assert.ok(error instanceof DecodeError, String(error));
      }
    }),
    { numRuns: 2000 },
  );
});

function keysOf(value: JsonValue): number {
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce(
    (sum: number, child) => sum + keysOf(child as JsonValue),
    Array.isArray(value) ? 0 : Object.keys(value).length,
  );
}

test("decoding what was decoded changes nothing, and every key was counted the first time", () => {
  fc.assert(
    fc.property(anySpec, (value) => {
      const keys = keysOf(value);
      let first: ReturnType<typeof decodeObject>;
      try {
        first = decodeObject(orderSpec, value);
      } catch {
        return;
      }
      assert.equal(first.keyCount, keys);
      const text = JSON.stringify(first.object);
      const second = decodeObject(orderSpec, JSON.parse(text));
      assert.equal(JSON.stringify(second.object), text);
      assert.deepEqual(second.unknownFields, []);
    }),
    { numRuns: 2000 },
  );
});

test("what is read from memory and not from text is refused in the converter's words", () => {
  const restored = (spec: JsonValue): string => {
    try {
      decodeSpec(spec);
    } catch (error) {
      assert.ok(error instanceof DecodeError);
      return error.whenRestored;
    }
    return "accepted";
  };
  assert.deepEqual(
    (
      [
        "text",
        { data: "text" },
        { limits: [1] },
        { tags: { a: 1 } },
        { items: ["x"] },
        { title: 1 },
        { policy: 1 },
        { policy: true },
        { title: 1.5 },
        { replicas: "1" },
        { replicas: 1.5 },
        { serial: {} },
        { express: 1 },
        { ratio: "1" },
        { secret: 1 },
        { secret: "?" },
        { placed: 1 },
        { placed: "today" },
        { items: [{ name: "a", port: true }] },
        { limits: { cpu: "much" } },
      ] satisfies JsonValue[]
    ).map(restored),
    [
      "cannot restore struct from: string",
      "cannot restore map from string",
      "cannot restore map from slice",
      "cannot restore slice from map",
      "cannot restore struct from: string",
      "cannot convert int64 to string",
      "cannot convert int64 to v1.Policy",
      "unrecognized type: string",
      "unrecognized type: string",
      "unrecognized type: int32",
      "cannot convert float64 to int32",
      "unrecognized type: int64",
      "unrecognized type: bool",
      "unrecognized type: float64",
      "cannot restore slice from int64",
      "error decoding from json: illegal base64 data at input byte 0",
      "json: cannot unmarshal number into Go value of type string",
      'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"',
      "json: cannot unmarshal bool into Go value of type int32",
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  );
});
