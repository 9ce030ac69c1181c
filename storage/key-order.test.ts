import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sortKey } from "./key-order.ts";

test("sort keys are ordered as the UTF-8 bytes of their keys are", () => {
  const key = fc.string({
    unit: fc.oneof(
      fc.constantFrom("a", "/", "\ud7ff", "\ue000", "\uffff", "\u{10000}"),
      fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
    ),
  });
  fc.assert(
    fc.property(key, key, (a, b) => {
      const byBytes = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const bySortKey = sortKey(a) < sortKey(b) ? -1 : sortKey(a) > sortKey(b) ? 1 : 0;
      assert.equal(bySortKey, byBytes);
    }),
    { numRuns: 2000 },
  );
});

test("an ordinary key is its own sort key", () => {
  assert.equal(sortKey("/registry/pods/default/web-0"), "/registry/pods/default/web-0");
});
