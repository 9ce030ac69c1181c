import assert from "node:assert/strict";
import { test } from "node:test";
import { asStruct, listKeys, schemaAt, visit } from "./fold.ts";
import type { ListSchema } from "./schema.ts";
import { order, orderSpec } from "./testing.ts";

test("a path leads through structs, lists and maps to a schema", () => {
  assert.equal(schemaAt(order, ["spec", "items", 0, "port"])?.type, "int-or-string");
  assert.equal(schemaAt(order, ["spec", "limits", "cpu"])?.definition, "io.k8s.apimachinery.pkg.api.resource.Quantity");
  assert.equal(schemaAt(order, ["spec", "extra", "a", 3])?.type, "any");
  assert.equal(schemaAt(order, []), order);
});

test("a path that the schema does not know leads nowhere", () => {
  assert.equal(schemaAt(order, ["spec", "items", "name"]), undefined);
  assert.equal(schemaAt(order, ["spec", "nothing", "more"]), undefined);
  assert.equal(schemaAt(order, ["kind", "x"]), undefined);
});

test("the keys of a list item, with defaults for those that are absent", () => {
  const items = orderSpec.fields.get("items")!.schema as ListSchema;
  assert.deepEqual(listKeys(items, { name: "a" }), [
    ["name", "a"],
    ["side", "Left"],
  ]);
  assert.deepEqual(listKeys(items, { side: "Right", name: "b" })?.[1], ["side", "Right"]);
  assert.equal(listKeys(items, "a"), undefined);
});

test("a visit sees parents before children and may pass by a subtree", () => {
  const seen: string[] = [];
  visit(
    order,
    { metadata: { labels: { a: "b" } }, spec: { items: [{ name: "x" }], unknown: 1 } },
    (_schema, _value, path) => {
      seen.push(path.join("."));
      return path[0] !== "metadata";
    },
  );
  assert.deepEqual(seen, ["", "metadata", "spec", "spec.items", "spec.items.0", "spec.items.0.name"]);
});

test("asStruct refuses what is none", () => {
  assert.equal(asStruct(order), order);
  assert.throws(() => asStruct(schemaAt(order, ["kind"])), /expected a struct, got string/);
});
