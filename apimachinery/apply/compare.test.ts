import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { JsonObject, JsonValue } from "../json/json.ts";
import type { ObjectSchema } from "../schema/schema.ts";
import { compare } from "./compare.ts";
import { type FieldSet, intersectionOf, isEmptySet } from "./field-set.ts";
import { reconcileFields } from "./reconcile.ts";
import { field, list, string, struct, widgetSchema } from "./test-schema.ts";
import { fieldSetOf } from "./whole-set.ts";

const text = (set: FieldSet): string => JSON.stringify(set);

function changes(before: JsonObject, after: JsonObject, schema: ObjectSchema = widgetSchema): Record<string, string> {
  const { added, modified, removed } = compare(schema, before, after);
  return Object.fromEntries(
    Object.entries({ added, modified, removed }).flatMap(([name, set]) => (isEmptySet(set) ? [] : [[name, text(set)]])),
  );
}

const spec = (value: JsonObject): JsonObject => ({ spec: value });

/** The same structure as a custom resource: its schema carries no definition names. */
const { definition: _, ...customSchema } = widgetSchema;

describe("compare", () => {
  it("tells what was added, modified and removed", () => {
    assert.deepEqual(changes(spec({ size: 1, color: "r" }), spec({ size: 2, paused: true })), {
      added: '{"f:spec":{"f:paused":{}}}',
      modified: '{"f:spec":{"f:size":{}}}',
      removed: '{"f:spec":{"f:color":{}}}',
    });
  });

  it("takes items of keyed lists and sets for themselves, whatever their order", () => {
    const parts = (...names: string[]): JsonObject => spec({ parts: names.map((name) => ({ name })) });
    assert.deepEqual(changes(parts("a", "b"), parts("b", "a")), {});
    assert.deepEqual(changes(parts("a", "b"), parts("b", "c")), {
      added: '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"c\\",\\"port\\":80}":{".":{},"f:name":{}}}}}',
      removed: '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"a\\",\\"port\\":80}":{".":{},"f:name":{}}}}}',
    });
    assert.deepEqual(changes(spec({ tags: ["a", "b"] }), spec({ tags: ["b", "c"] })), {
      added: '{"f:spec":{"f:tags":{"v:\\"c\\"":{}}}}',
      removed: '{"f:spec":{"f:tags":{"v:\\"a\\"":{}}}}',
    });
  });

  it("takes items that share an identity for one", () => {
    const twice = spec({ parts: [{ name: "a" }, { name: "a", image: "1" }] });
    const once = spec({ parts: [{ name: "a" }] });
    const element = 'k:{\\"name\\":\\"a\\",\\"port\\":80}';
    assert.deepEqual(changes(once, twice), {
      added: `{"f:spec":{"f:parts":{"${element}":{}}}}`,
      removed: `{"f:spec":{"f:parts":{"${element}":{".":{},"f:name":{}}}}}`,
    });
    assert.deepEqual(changes(twice, twice), {});
    assert.deepEqual(changes(twice, spec({ parts: [{ name: "a" }, { name: "a", image: "2" }] })), {
      modified: `{"f:spec":{"f:parts":{"${element}":{}}}}`,
    });
  });

  it("takes atomic values as a whole", () => {
    assert.deepEqual(changes(spec({ command: ["a", "b"] }), spec({ command: ["a", "c"] })), {
      modified: '{"f:spec":{"f:command":{}}}',
    });
    assert.deepEqual(changes(spec({ raw: { a: 1 } }), spec({ raw: { a: 1, b: 2 } })), {
      modified: '{"f:spec":{"f:raw":{}}}',
    });
  });

  it("never adds or removes the structs that a built-in type always has", () => {
    assert.deepEqual(changes({}, { spec: {}, status: { ready: true } }), { added: '{"f:status":{"f:ready":{}}}' });
    assert.deepEqual(changes({}, { status: { ready: true } }, customSchema), {
      added: '{"f:status":{".":{},"f:ready":{}}}',
    });
  });

  it("follows data without a schema wherever it goes", () => {
    const free = (value: JsonValue): JsonObject => spec({ free: value });
    assert.deepEqual(changes(free({ a: { b: 1 } }), free({ a: { c: 1 } })), {
      added: '{"f:spec":{"f:free":{"f:a":{"f:c":{}}}}}',
      removed: '{"f:spec":{"f:free":{"f:a":{"f:b":{}}}}}',
    });
    assert.deepEqual(changes(free({ a: 1 }), free({ a: { b: 1 } })), {
      added: '{"f:spec":{"f:free":{"f:a":{"f:b":{}}}}}',
      modified: '{"f:spec":{"f:free":{"f:a":{}}}}',
    });
    assert.deepEqual(changes(free({ a: [1] }), free({ a: [2] })), { modified: '{"f:spec":{"f:free":{"f:a":{}}}}' });
  });

  it("overlooks managed fields and is not led astray by names that every object inherits", () => {
    assert.deepEqual(changes({ metadata: { managedFields: [] } }, { metadata: { managedFields: [{}] } }), {});
    assert.deepEqual(changes(spec({ data: {} }), spec({ data: { constructor: "x", toString: "y" } })), {
      added: '{"f:spec":{"f:data":{"f:constructor":{},"f:toString":{}}}}',
    });
  });

  it("puts no field into two of its sets, and turns round with its arguments", () => {
    const value = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
    const object = fc.dictionary(fc.constantFrom("a", "b"), value).map((free) => spec({ free: free as JsonObject }));
    fc.assert(
      fc.property(object, object, (a, b) => {
        const there = compare(customSchema, a, b);
        const back = compare(customSchema, b, a);
        assert.equal(text(there.added), text(back.removed));
        assert.equal(text(there.modified), text(back.modified));
        assert.ok(isEmptySet(intersectionOf(there.added, there.removed)));
        assert.ok(isEmptySet(intersectionOf(there.added, there.modified)));
        assert.ok(isEmptySet(intersectionOf(there.removed, there.modified)));
        const { added, modified, removed } = compare(customSchema, a, a);
        assert.ok([added, modified, removed].every(isEmptySet));
      }),
      { numRuns: 500 },
    );
  });
});

describe("fieldSetOf", () => {
  it("owns items and keys, not the fields that hold them, and what is null or empty", () => {
    const value = spec({
      parts: [{ name: "a", limits: {} }],
      data: { x: "1" },
      tags: [],
      color: null,
      strategy: { type: "x" },
    });
    assert.equal(
      text(fieldSetOf(widgetSchema, value)),
      '{"f:spec":{"f:color":{},"f:data":{"f:x":{}},"f:parts":{"k:{\\"name\\":\\"a\\",\\"port\\":80}":{".":{},"f:limits":{},"f:name":{}}},"f:strategy":{"f:type":{}}}}',
    );
  });
});

describe("reconcileFields", () => {
  it("makes one field of what has become atomic since", () => {
    const granular = struct([
      field("spec", struct([field("env", list(struct([field("name", string)]), "map", ["name"]))])),
    ]);
    const atomic = struct([field("spec", struct([field("env", list(struct([field("name", string)])))]))]);
    const fields = fieldSetOf(granular, spec({ env: [{ name: "a" }] }));
    assert.equal(reconcileFields(fields, granular), fields);
    assert.equal(text(reconcileFields(fields, atomic)), '{"f:spec":{"f:env":{}}}');
  });
});
