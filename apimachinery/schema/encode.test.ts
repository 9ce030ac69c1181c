import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseJson } from "../json/strict-json.ts";
import type { ApiObject } from "../resource/object.ts";
import { type Encoded, encodeObject, splitOf } from "./encode.ts";
import { deepFreeze } from "./freeze.ts";

const map = {
  apiVersion: "v1",
  data: { a: "b" },
  kind: "ConfigMap",
  metadata: { name: "m", resourceVersion: "7" },
} as ApiObject;

function served({ bytes, splitAt }: Encoded, resourceVersion: string): string {
  return `${bytes.subarray(0, splitAt)}"resourceVersion":"${resourceVersion}",${bytes.subarray(splitAt)}`;
}

test("kind, version and metadata come first, and the resource version is left out", () => {
  const { bytes, splitAt } = encodeObject(map);
  assert.equal(bytes.toString(), '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"m"},"data":{"a":"b"}}');
  assert.equal(bytes.subarray(0, splitAt).toString(), '{"kind":"ConfigMap","apiVersion":"v1","metadata":{');
});

test("the resource version is spliced in front of the metadata's fields", () => {
  const text = served(encodeObject(map), "42");
  assert.equal(
    text,
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"42","name":"m"},"data":{"a":"b"}}',
  );
});

test("the split is found again, and what is served is the object", () => {
  const text = fc.string({ unit: "grapheme" });
  const tricky = fc.oneof(text, fc.constant('"metadata":{'), fc.constant('\\"metadata":{'));
  fc.assert(
    fc.property(tricky, tricky, tricky, fc.dictionary(text, text), (kind, apiVersion, name, data) => {
      const object = { kind, apiVersion, metadata: { name }, data } as ApiObject;
      const encoded = encodeObject(deepFreeze(object));
      assert.equal(splitOf(encoded.bytes), encoded.splitAt);
      const back = JSON.parse(served(encoded, "9"));
      assert.deepEqual(back, JSON.parse(JSON.stringify({ ...object, metadata: { name, resourceVersion: "9" } })));
    }),
  );
});

test("an integer of 64 bits in data of any shape keeps its digits", () => {
  const { value } = parseJson(
    '{"kind":"Any","apiVersion":"v1","metadata":{"name":"a"},"data":{"big":9007199254740993}}',
  );
  assert.match(encodeObject(value as unknown as ApiObject).bytes.toString(), /"big":9007199254740993\}/);
});

test("freezing reaches every depth and returns the same object", () => {
  const object = { a: [{ b: {} }], c: null, d: "x" };
  assert.equal(deepFreeze(object), object);
  assert.ok(
    Object.isFrozen(object) &&
      Object.isFrozen(object.a) &&
      Object.isFrozen(object.a[0]) &&
      Object.isFrozen(object.a[0]!.b),
  );
});
