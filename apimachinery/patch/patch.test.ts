import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ApiError } from "../errors/api-error.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { applyJsonPatch, decodeJsonPatch, type JsonPatchOperation } from "./json-patch.ts";
import { applyMergePatch } from "./merge-patch.ts";

/** An object of which any change in place would throw. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) frozen(inner);
    Object.freeze(value);
  }
  return value;
}

function patched(document: JsonObject, ...operations: JsonPatchOperation[]): JsonValue {
  return applyJsonPatch(frozen(document), frozen(operations));
}

function causeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.status.code, 422);
    assert.equal(error.status.reason, "Invalid");
    assert.equal(error.status.message, "the server rejected our request due to an error in our request");
    return (error.cause as Error).message;
  }
  return "no error";
}

describe("applyJsonPatch", () => {
  it("adds, replaces and removes by key, by index and at the end", () => {
    const document = { a: { b: 1 }, list: ["x", "y"] };
    assert.deepEqual(patched(document, { op: "add", path: "/a/c", value: 2 }), { a: { b: 1, c: 2 }, list: ["x", "y"] });
    assert.deepEqual(patched(document, { op: "add", path: "/list/-", value: "z" }), {
      a: { b: 1 },
      list: ["x", "y", "z"],
    });
    assert.deepEqual(patched(document, { op: "add", path: "/list/1", value: "z" }), {
      a: { b: 1 },
      list: ["x", "z", "y"],
    });
    assert.deepEqual(patched(document, { op: "add", path: "/list/-1", value: "z" }), {
      a: { b: 1 },
      list: ["x", "y", "z"],
    });
    assert.deepEqual(patched(document, { op: "remove", path: "/list/-2" }), { a: { b: 1 }, list: ["y"] });
    assert.deepEqual(patched(document, { op: "replace", path: "/a/b", value: null }), {
      a: { b: null },
      list: ["x", "y"],
    });
  });

  it("unescapes slashes and tildes", () => {
    assert.deepEqual(patched({ "a/b": { "c~1": 1 } }, { op: "remove", path: "/a~1b/c~01" }), { "a/b": {} });
  });

  it("adds the key that a replacement misses, as the API server always has", () => {
    assert.deepEqual(patched({}, { op: "replace", path: "/a", value: 1 }), { a: 1 });
  });

  it("moves and copies without tying the two places together", () => {
    assert.deepEqual(patched({ a: { x: 1 } }, { op: "move", from: "/a", path: "/b" }), { b: { x: 1 } });
    assert.deepEqual(
      patched(
        { a: { x: 1 } },
        { op: "add", path: "/a/y", value: 2 },
        { op: "copy", from: "/a", path: "/b" },
        { op: "replace", path: "/b/x", value: 3 },
        { op: "remove", path: "/a/y" },
      ),
      { a: { x: 1 }, b: { x: 3, y: 2 } },
    );
  });

  it("takes a missing key for null in a test", () => {
    assert.deepEqual(patched({ a: [1] }, { op: "test", path: "/b", value: null }, { op: "test", path: "/b" }), {
      a: [1],
    });
    assert.deepEqual(patched({ a: { b: 1, c: 2 } }, { op: "test", path: "/a", value: { c: 2, b: 1 } }), {
      a: { b: 1, c: 2 },
    });
    assert.equal(
      causeOf(() => patched({ a: 1 }, { op: "test", path: "/a" })),
      "testing value /a failed: test failed",
    );
    assert.equal(
      causeOf(() => patched({ a: 1 }, { op: "test", path: "/a", value: "1" })),
      "testing value /a failed: test failed",
    );
  });

  it("fails with 422 and says why only in the cause", () => {
    assert.equal(
      causeOf(() => patched({}, { op: "add", path: "/a/b", value: 1 })),
      'add operation does not apply: doc is missing path: "/a/b": missing value',
    );
    assert.equal(
      causeOf(() => patched({}, { op: "remove", path: "/a" })),
      "error in remove for path: '/a': Unable to remove nonexistent key: a: missing value",
    );
    assert.equal(
      causeOf(() => patched({ a: [] }, { op: "add", path: "/a/1", value: 1 })),
      "error in add for path: '/a/1': Unable to access invalid index: 1: invalid index referenced",
    );
    assert.equal(
      causeOf(() => patched({ a: [] }, { op: "replace", path: "/a/-", value: 1 })),
      "replace operation does not apply: doc is missing key: /a/-: missing value",
    );
    for (const [operation, said] of [
      [
        { op: "add", path: "/a/x", value: 1 },
        `error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing "x": invalid syntax`,
      ],
      [
        { op: "move", from: "/a/3", path: "/b" },
        "error in move for path: '3': Unable to access invalid index: 3: invalid index referenced",
      ],
      [
        { op: "move", from: "/c/d", path: "/b" },
        "move operation does not apply: doc is missing from path: /c/d: missing value",
      ],
      [
        { op: "move", from: "/a", path: "/b/c" },
        "move operation does not apply: doc is missing destination path: /b/c: missing value",
      ],
      [
        { op: "copy", from: "/c/d", path: "/b" },
        "copy operation does not apply: doc is missing from path: /c/d: missing value",
      ],
      [{ op: "test", path: "/c/d", value: 1 }, "test operation does not apply: is missing path: /c/d: missing value"],
      [
        { op: "test", path: "/a/0", value: 1 },
        "error in test for path: '/a/0': Unable to access invalid index: 0: invalid index referenced",
      ],
      [
        { op: "replace", path: "/c/d", value: 1 },
        "replace operation does not apply: doc is missing path: /c/d: missing value",
      ],
      [
        { op: "replace", value: 1 },
        "replace operation failed to decode path: operation missing path field: missing value",
      ],
    ] as const) {
      assert.equal(
        causeOf(() => patched({ a: [] }, operation)),
        said,
      );
    }
    assert.equal(
      causeOf(() => patched({}, { op: "jump", path: "/a" })),
      "Unexpected kind: jump",
    );
    assert.equal(
      causeOf(() => patched({ a: 1 }, { op: "copy", from: "/a" })),
      "copy operation failed to decode path: missing value",
    );
  });

  it("bounds what copies add", () => {
    const big = "x".repeat(2 * 1024 * 1024);
    const copy = { op: "copy", from: "/a", path: "/b" };
    assert.doesNotThrow(() => patched({ a: big }, copy));
    assert.match(
      causeOf(() => patched({ a: big }, copy, copy)),
      /exceeding the limit 3145728/,
    );
  });

  it("does not reach into what every object inherits", () => {
    assert.equal(
      causeOf(() => patched({}, { op: "add", path: "/constructor/x", value: 1 })),
      'add operation does not apply: doc is missing path: "/constructor/x": missing value',
    );
    const result = patched({}, { op: "add", path: "/__proto__", value: { polluted: true } });
    assert.equal((result as { polluted?: boolean }).polluted, undefined);
    assert.deepEqual(Object.keys(result as object), ["__proto__"]);
  });
});

describe("decodeJsonPatch", () => {
  it("reports unknown members of an operation to strict validation", () => {
    const { unknownFields } = decodeJsonPatch([{ op: "add", path: "/a", value: 1, extra: 2 }]);
    assert.deepEqual(unknownFields, ['unknown field "[0].extra"']);
  });

  it("refuses what is no list of operations", () => {
    const message = (body: unknown): string => {
      try {
        decodeJsonPatch(body);
      } catch (error) {
        return (error as Error).message;
      }
      return "";
    };
    assert.equal(
      message({}),
      "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp",
    );
    assert.equal(
      message([{ op: 1 }]),
      "error decoding patch: json: cannot unmarshal number into Go struct field jsonPatchOp.op of type string",
    );
    assert.equal(
      message(new Array(10_001).fill({ op: "test", path: "" })),
      "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001",
    );
  });
});

describe("applyMergePatch", () => {
  // The examples of RFC 7386, appendix A, that are objects on both sides.
  const examples: readonly (readonly [JsonObject, JsonObject, JsonObject])[] = [
    [{ a: "b" }, { a: "c" }, { a: "c" }],
    [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
    [{ a: "b" }, { a: null }, {}],
    [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
    [{ a: ["b"] }, { a: "c" }, { a: "c" }],
    [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
    [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
    [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [document, patch, expected] of examples) {
    it(`makes ${JSON.stringify(expected)} of ${JSON.stringify(document)} by ${JSON.stringify(patch)}`, () => {
      assert.deepEqual(applyMergePatch(frozen(document), frozen(patch)), expected);
    });
  }

  it("drops nulls deep in what it adds, also in lists", () => {
    assert.deepEqual(applyMergePatch({}, { a: [{ b: null, c: 1 }, null] }), { a: [{ c: 1 }, null] });
  });

  it("refuses a patch that is no object", () => {
    assert.throws(() => applyMergePatch({}, []), {
      message: "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}",
    });
    assert.throws(() => applyMergePatch({}, null), { message: "Invalid JSON Patch" });
  });
});

const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
const document = fc.dictionary(fc.constantFrom("a", "b", "c"), json) as fc.Arbitrary<JsonObject>;
const pointer = fc
  .array(fc.constantFrom("a", "b", "c", "0", "1", "-", "-1", ""), { maxLength: 3 })
  .map((parts) => parts.map((part) => `/${part}`).join(""));
const operation = fc.record(
  {
    op: fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "other"),
    path: pointer,
    from: pointer,
    value: json,
  },
  { requiredKeys: ["op"] },
) as fc.Arbitrary<JsonPatchOperation>;

describe("any patch", () => {
  it("either applies or fails with 422, and never touches what it was given", () => {
    fc.assert(
      fc.property(document, fc.array(operation, { maxLength: 6 }), (doc, operations) => {
        try {
          patched(doc, ...operations);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
          assert.equal(error.status.code, 422);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("that is a merge patch without lists does nothing when applied a second time", () => {
    const keys = fc.constantFrom("a", "b", "c");
    const scalar = fc.constantFrom(null, 1, "x");
    const maps = fc.dictionary(
      keys,
      fc.oneof(scalar, fc.dictionary(keys, fc.oneof(scalar, fc.dictionary(keys, scalar)))),
    );
    fc.assert(
      fc.property(document, maps as fc.Arbitrary<JsonObject>, (doc, patch) => {
        const once = applyMergePatch(frozen(doc), frozen(patch));
        assert.deepEqual(applyMergePatch(frozen(once), patch), once);
      }),
    );
  });
});
