import assert from "node:assert/strict";
import { test } from "node:test";
import { schemaTable } from "./build.ts";
import { order, orderSpec, sample } from "./testing.ts";

test("a definition is the same value at each look-up, with or without its prefix", () => {
  const table = schemaTable(() => sample);
  assert.equal(table.definition("io.k8s.api.shop.v1.Item"), table.definition("api.shop.v1.Item"));
});

test("the table is loaded when the first definition is asked for, and once", () => {
  let loads = 0;
  const table = schemaTable(() => {
    loads++;
    return sample;
  });
  assert.equal(loads, 0);
  table.definition("api.shop.v1.Item");
  table.definition("api.shop.v1.Order");
  assert.equal(loads, 1);
});

test("a definition may contain itself", () => {
  const parts = orderSpec.fields.get("parts")!.schema;
  assert.equal(parts.type === "list" && parts.items, orderSpec);
});

test("lists carry their keys, fields their patch strategies", () => {
  const items = orderSpec.fields.get("items")!;
  assert.deepEqual(items.patchStrategies, ["merge", "retainKeys"]);
  assert.equal(items.patchMergeKey, "name");
  assert.equal(items.schema.type === "list" && items.schema.listType, "map");
  assert.deepEqual(items.schema.type === "list" && items.schema.mapKeys, ["name", "side"]);
});

test("a list that says nothing is atomic, a struct's empty value is kept, a plain one's is not", () => {
  const parts = orderSpec.fields.get("parts")!;
  assert.equal(parts.schema.type === "list" && parts.schema.listType, "atomic");
  assert.equal(order.fields.get("spec")!.empty, "keep");
  assert.equal(orderSpec.fields.get("policy")!.empty, "omit");
});

test("a default in code hides the published one and says so", () => {
  const rank = orderSpec.fields.get("rank")!;
  assert.equal(rank.default, 7);
  assert.equal(rank.defaultUnpublished, true);
  assert.equal(orderSpec.fields.get("title")!.defaultUnpublished, undefined);
});

test("an unknown name and a definition that is no struct are refused", () => {
  const table = schemaTable(() => sample);
  assert.throws(
    () => table.definition("io.k8s.api.shop.v1.Nothing"),
    /no definition is named io\.k8s\.api\.shop\.v1\.Nothing/,
  );
  assert.throws(() => table.definition("apimachinery.pkg.api.resource.Quantity"), /is not a struct/);
});
