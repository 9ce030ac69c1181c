import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { JsonObject } from "../json/json.ts";
import { decodeObject } from "./decode.ts";
import { applyDefaults } from "./defaults.ts";
import { order, orderSpec } from "./testing.ts";

test("defaults come at every depth, also within a struct that a default brings", () => {
  const object: JsonObject = { metadata: { name: "a" } };
  applyDefaults(order, object);
  assert.deepEqual(object, {
    metadata: { name: "a" },
    spec: { title: "", express: false, policy: "Always", rank: 7, replicas: 1 },
  });
});

test("items of lists get theirs; a struct that is absent stays so", () => {
  const spec: JsonObject = { items: [{ name: "x" }, { name: "y", side: "Right", options: {} }] };
  applyDefaults(orderSpec, spec);
  assert.deepEqual(spec.items, [
    { name: "x", side: "Left" },
    { name: "y", side: "Right", options: { mode: 420 } },
  ]);
});

test("what is there is kept, zero or not", () => {
  const spec: JsonObject = { replicas: 0, express: true, policy: "Never", rank: 1, title: "t" };
  applyDefaults(orderSpec, spec);
  assert.deepEqual(spec, { replicas: 0, express: true, policy: "Never", rank: 1, title: "t" });
});

test("an empty default of a field that leaves empty values out does not appear", () => {
  const spec: JsonObject = { items: [{ name: "x" }] };
  applyDefaults(orderSpec, spec);
  assert.equal("note" in (spec.items as JsonObject[])[0]!, false);
});

test("each object gets structs of its own", () => {
  const [a, b]: JsonObject[] = [{}, {}];
  applyDefaults(order, a!);
  applyDefaults(order, b!);
  assert.notEqual(a!.spec, b!.spec);
});

test("applying defaults twice is applying them once, and decoding keeps them all", () => {
  const item = fc.record(
    { name: fc.string(), side: fc.string(), options: fc.record({ mode: fc.nat() }, { requiredKeys: [] }) },
    { requiredKeys: [] },
  );
  const spec = fc.record(
    { items: fc.array(item), policy: fc.string(), replicas: fc.nat(), tags: fc.array(fc.string()) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(spec, (value) => {
      const { object } = decodeObject(orderSpec, structuredClone(value));
      applyDefaults(orderSpec, object);
      const once = JSON.stringify(object);
      applyDefaults(orderSpec, object);
      assert.equal(JSON.stringify(object), once);
      assert.equal(JSON.stringify(decodeObject(orderSpec, JSON.parse(once)).object), once);
    }),
  );
});
