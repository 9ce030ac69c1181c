import assert from "node:assert/strict";
import { test } from "node:test";
import type { JsonObject } from "../json/json.ts";
import { thaw, thawSent } from "../resource/thaw.ts";
import { decodeObject } from "./decode.ts";
import { holdsSentEmpty, isPresent, likeSent, sentEmptyOf } from "./sent-empty.ts";
import { order } from "./testing.ts";

const decodedSpec = (spec: JsonObject): JsonObject => decodeObject(order, { spec }).object["spec"] as JsonObject;

test("lists, maps and bytes that were sent empty are left out and known to have been sent", () => {
  const spec = decodedSpec({ tags: [], limits: {}, secret: "", policy: "", serial: 0, title: "a" });
  assert.deepEqual(spec, { title: "a" });
  assert.deepEqual(
    ["tags", "limits", "secret", "policy", "serial", "title"].map((field) => sentEmptyOf(spec, field)),
    [[], {}, "", undefined, undefined, undefined],
  );
  assert.deepEqual(
    ["tags", "title", "policy"].map((field) => isPresent(spec as JsonObject, field)),
    [true, true, false],
  );
  assert.equal(JSON.stringify(spec), '{"title":"a"}');
});

test("null is nothing that was sent, and neither is what is absent", () => {
  assert.equal(holdsSentEmpty(decodedSpec({ tags: null, limits: null, items: [{ name: "a" }] })), false);
  assert.equal(isPresent(decodedSpec({ tags: null }), "tags"), false);
  assert.equal(sentEmptyOf(undefined, "tags"), undefined);
});

test("it is known of the struct at any depth, and of no copy but those that are to know it", () => {
  const spec = decodedSpec({ parts: [{ title: "a" }, { title: "b", tags: [] }] });
  assert.equal(holdsSentEmpty(spec), true);
  const parts = spec["parts"] as JsonObject[];
  assert.deepEqual(
    parts.map((part) => sentEmptyOf(part, "tags")),
    [undefined, []],
  );
  assert.equal(holdsSentEmpty(thaw(spec)), false);
  assert.equal(holdsSentEmpty(thawSent(spec)), true);
  assert.deepEqual(thawSent(spec), spec);
  assert.deepEqual(sentEmptyOf(likeSent({ ...parts[1] }, parts[1]), "tags"), []);
  assert.equal(holdsSentEmpty(likeSent({ ...parts[0] }, parts[0])), false);
});
