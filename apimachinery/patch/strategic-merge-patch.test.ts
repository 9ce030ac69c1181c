import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { widgetSchema } from "../apply/test-schema.ts";
import { ApiError } from "../errors/api-error.ts";
import type { JsonObject } from "../json/json.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";

function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
}

/** What a patch of `spec` makes of `spec`. */
function merge(spec: JsonObject, patch: JsonObject): unknown {
  return applyStrategicMergePatch(widgetSchema, frozen({ spec }), frozen({ spec: patch }))["spec"];
}

function failureOf(call: () => unknown): readonly [number | undefined, string] {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    return [error.status.code, error.message];
  }
  return [undefined, "no error"];
}

const a = { name: "a", image: "a:1" };
const b = { name: "b", image: "b:1" };
const c = { name: "c", image: "c:1" };

describe("applyStrategicMergePatch", () => {
  it("merges maps, replaces scalars and ordinary lists, and removes by null", () => {
    assert.deepEqual(
      merge(
        { size: 1, color: "red", data: { x: "1", y: "2" }, command: ["a"] },
        { size: 2, color: null, data: { y: null, z: "3" }, command: ["b"] },
      ),
      { size: 2, data: { x: "1", z: "3" }, command: ["b"] },
    );
  });

  it("merges lists of objects by key, its new items first where they stand in no relation to the old", () => {
    assert.deepEqual(merge({ parts: [a, b] }, { parts: [{ name: "b", image: "b:2" }, c] }), {
      parts: [a, { name: "b", image: "b:2" }, c],
    });
    assert.deepEqual(merge({ parts: [a] }, { parts: [c] }), { parts: [c, a] });
  });

  it("merges lists of scalars without duplicates", () => {
    assert.deepEqual(merge({ tags: ["x", "y"] }, { tags: ["y", "z"] }), { tags: ["x", "y", "z"] });
    assert.deepEqual(merge({ tags: ["x", "y"] }, { "$deleteFromPrimitiveList/tags": ["x", "q"] }), { tags: ["y"] });
    assert.deepEqual(merge({}, { "$deleteFromPrimitiveList/tags": ["x"] }), {});
  });

  it("deletes and replaces by directive", () => {
    assert.deepEqual(merge({ parts: [a, b] }, { parts: [{ $patch: "delete", name: "a" }] }), { parts: [b] });
    assert.deepEqual(merge({ parts: [a, b] }, { parts: [c, { $patch: "replace" }] }), { parts: [c] });
    assert.deepEqual(merge({ data: { x: "1" } }, { data: { $patch: "replace", y: "2" } }), { data: { y: "2" } });
    assert.deepEqual(merge({ data: { x: "1" } }, { data: { $patch: "delete" } }), { data: {} });
    assert.deepEqual(merge({}, { data: { $patch: "delete" } }), {});
    assert.deepEqual(merge({}, { parts: [{ $patch: "delete", name: "a" }, b] }), { parts: [b] });
  });

  it("orders a list as $setElementOrder says, with the server's own items where they stood", () => {
    const order = (...names: string[]) => names.map((name) => ({ name }));
    assert.deepEqual(merge({ parts: [a, b, c] }, { "$setElementOrder/parts": order("c", "a") }), { parts: [b, c, a] });
    assert.deepEqual(merge({ parts: [a, b] }, { "$setElementOrder/parts": order("c", "a"), parts: [c] }), {
      parts: [c, a, b],
    });
    assert.deepEqual(
      merge({ parts: [a, b] }, { "$setElementOrder/parts": order("b"), parts: [{ $patch: "delete", name: "a" }] }),
      { parts: [b] },
    );
    assert.deepEqual(merge({ tags: ["x", "y"] }, { "$setElementOrder/tags": ["y", "z", "x"], tags: ["z"] }), {
      tags: ["y", "z", "x"],
    });
    assert.deepEqual(merge({}, { "$setElementOrder/parts": order("a"), parts: [a] }), { parts: [a] });
  });

  it("keeps of an object only what $retainKeys lists", () => {
    assert.deepEqual(
      merge(
        { strategy: { type: "Rolling", rolling: { surge: 1 } } },
        { strategy: { $retainKeys: ["type"], type: "Recreate" } },
      ),
      { strategy: { type: "Recreate" } },
    );
  });

  it("removes nulls and directives from what it adds", () => {
    assert.deepEqual(merge({}, { strategy: { type: null, rolling: { surge: 1 } } }), {
      strategy: { rolling: { surge: 1 } },
    });
  });

  it("fails as upstream does", () => {
    assert.deepEqual(
      failureOf(() => merge({ parts: [a] }, { parts: [{ image: "x" }] })),
      [500, "map: map[image:x] does not contain declared merge key: name"],
    );
    assert.deepEqual(
      failureOf(() => merge({ parts: [a] }, { parts: [{ $patch: "explode", name: "a" }] })),
      [500, "unknown patch type: explode in map: map[$patch:explode name:a]"],
    );
    assert.deepEqual(
      failureOf(() => merge({}, { $patch: "merge" })),
      [500, "unknown patch type: merge in map: map[$patch:merge]"],
    );
    assert.deepEqual(
      failureOf(() => merge({ parts: [a] }, { parts: [{ $patch: "merge" }] })),
      [500, "merging lists cannot yet be specified in the patch"],
    );
    assert.deepEqual(
      failureOf(() => merge({ strategy: { type: "x" } }, { strategy: { $retainKeys: ["type"], rolling: {} } })),
      [400, "invalid patch format of retainKeys"],
    );
    assert.deepEqual(
      failureOf(() => merge({}, { $deleteFromPrimitiveList: ["x"] })),
      [400, "invalid patch format of primitive list"],
    );
    assert.deepEqual(
      failureOf(() => merge({}, { $setElementOrder: [] })),
      [400, "invalid patch format of setElementOrder list"],
    );
    assert.deepEqual(
      failureOf(() => merge({ tags: ["x"] }, { tags: [["y"]] })),
      [500, "list element types are not identical: [[x] [[y]]]"],
    );
    assert.deepEqual(
      failureOf(() => merge({}, { "$setElementOrder/nothing": [] })),
      [500, 'unable to find api field in struct WidgetSpec for the json field "nothing"'],
    );
    assert.deepEqual(
      failureOf(() => merge({ parts: [b, a] }, { "$setElementOrder/parts": [{ name: "a" }], parts: [b] })),
      [
        500,
        "The order in patch list:\n[map[image:b:1 name:b]]\n doesn't match $setElementOrder list:\n[map[name:a]]\n",
      ],
    );
    assert.deepEqual(
      failureOf(() => applyStrategicMergePatch(widgetSchema, {}, [])),
      [400, "json: cannot unmarshal array into Go value of type map[string]interface {}"],
    );
  });
});

const name = fc.constantFrom("a", "b", "c");
const part = fc.record(
  { name, image: fc.constantFrom("1", "2"), $patch: fc.constantFrom("delete", "replace", "merge", "?") },
  { requiredKeys: [] },
);
const patch = fc.record(
  {
    parts: fc.oneof(fc.array(part, { maxLength: 3 }), fc.constant(null), fc.constant("x")),
    tags: fc.array(fc.oneof(name, fc.constant(null), fc.constant(1)), { maxLength: 3 }),
    data: fc.dictionary(fc.oneof(name, fc.constant("$patch")), fc.constantFrom("1", null)),
    $retainKeys: fc.array(fc.constantFrom("parts", "tags", "data"), { maxLength: 3 }),
    "$setElementOrder/parts": fc.array(fc.record({ name }), { maxLength: 3 }),
    "$deleteFromPrimitiveList/tags": fc.array(name, { maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const spec = fc.record(
  {
    parts: fc.uniqueArray(fc.record({ name, image: fc.constant("0") }), {
      selector: (item) => item.name,
      maxLength: 3,
    }),
    tags: fc.uniqueArray(name, { maxLength: 3 }),
    data: fc.dictionary(name, fc.constant("0")),
  },
  { requiredKeys: [] },
);

describe("any strategic merge patch", () => {
  it("either applies or fails with an ApiError, and never touches what it was given", () => {
    fc.assert(
      fc.property(spec, patch, (document, change) => {
        try {
          merge(document as JsonObject, change as JsonObject);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("of keyed lists leaves no key twice", () => {
    fc.assert(
      fc.property(
        spec,
        fc.uniqueArray(fc.record({ name, image: fc.constant("9") }), { selector: (item) => item.name }),
        (document, parts) => {
          const merged = merge(document as JsonObject, { parts } as unknown as JsonObject) as {
            parts: { name: string }[];
          };
          const names = merged.parts.map((item) => item.name);
          assert.equal(new Set(names).size, names.length);
        },
      ),
    );
  });
});
