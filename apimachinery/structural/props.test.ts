import assert from "node:assert/strict";
import { test } from "node:test";
import { type Props, positionalItemsOf, someSchema } from "./props.ts";

test("null among the schemas of positions says nothing, and null for a dependency is none", () => {
  const props = { items: [null], dependencies: { a: null, b: { default: 1 } } } as unknown as Props;
  assert.deepEqual(positionalItemsOf(props), [{}]);
  assert.ok(someSchema(props, ({ default: value }) => value === 1));
  assert.ok(!someSchema(props, ({ type }) => type === "string"));
});
