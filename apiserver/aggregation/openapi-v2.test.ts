import assert from "node:assert/strict";
import { test } from "node:test";
import { mergedSwagger, ownPart } from "./openapi-v2.ts";

const ref = (name: string) => ({ $ref: `#/definitions/${name}` });

test("of a service's document, its own paths count and what they lead to", () => {
  const document = {
    paths: { "/apis/g/v1/things": { get: ref("Thing") }, "/apis/g/v1beta1/things": {}, "/version": ref("Info") },
    definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") }, Info: {} },
  };
  assert.deepEqual(ownPart(document, "g", "v1"), {
    paths: { "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: { Thing: { items: [ref("Part")] }, Part: { self: ref("Part") } },
  });
});

test("what is the same is shared, what differs is renamed, with all that leads to it", () => {
  const local = { swagger: "2.0", paths: { "/api": {} }, definitions: { Meta: { a: 1 }, Same: {}, Meta_v2: {} } };
  const part = {
    paths: { "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: { Thing: { meta: ref("Meta"), same: ref("Same") }, Meta: { a: 2 }, Same: {} },
  };
  // The same a second time brings nothing new.
  assert.deepEqual(mergedSwagger(local, [part, part]), {
    swagger: "2.0",
    paths: { "/api": {}, "/apis/g/v1/things": { get: ref("Thing") } },
    definitions: {
      Meta: { a: 1 },
      Meta_v2: {},
      Meta_v3: { a: 2 },
      Same: {},
      Thing: { meta: ref("Meta_v3"), same: ref("Same") },
    },
  });
});

test("without services the document is as it was", () => {
  const local = { paths: { "/b": {}, "/a": {} }, definitions: {} };
  assert.deepEqual(mergedSwagger(local, []), local);
});
