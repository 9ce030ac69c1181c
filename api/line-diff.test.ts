import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareLines } from "./line-diff.ts";

test("the longest block that both texts have stays", () => {
  assert.deepEqual(compareLines([..."abxcd"], [..."cdabx"]), [
    { same: false, aFrom: 0, aTo: 0, bFrom: 0, bTo: 2 },
    { same: true, aFrom: 0, aTo: 3, bFrom: 2, bTo: 5 },
    { same: false, aFrom: 3, aTo: 5, bFrom: 5, bTo: 5 },
  ]);
});

test("in a long text, lines that stand everywhere begin no block, but stretch one", () => {
  const often = Array.from({ length: 200 }, () => "");
  assert.deepEqual(compareLines(often, ["x", ...often]), [{ same: false, aFrom: 0, aTo: 200, bFrom: 0, bTo: 201 }]);
  assert.deepEqual(compareLines(["a", ...often], ["x", "a", ...often]), [
    { same: false, aFrom: 0, aTo: 0, bFrom: 0, bTo: 1 },
    { same: true, aFrom: 0, aTo: 201, bFrom: 1, bTo: 202 },
  ]);
});

test("two long texts that differ everywhere are compared in bounded time", () => {
  const lines = (changed: string) =>
    Array.from({ length: 40_000 }, (_, i) => (i % 2 === 0 ? `${i}` : `${changed}${i}`));
  const changes = compareLines(lines("a"), lines("b"));
  assert.deepEqual(changes[0], { same: true, aFrom: 0, aTo: 1, bFrom: 0, bTo: 1 });
  assert.equal(changes.at(-1)!.same, false);
  assert.ok(changes.length < 1_000);
  const often = (from: number) => Array.from({ length: 100_000 }, (_, i) => `${(i * 7 + from) % 101}`);
  assert.equal(compareLines(often(0), often(1)).at(-1)!.same, false);
});

test("what is the same is so, and nothing is left out", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 30 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      let [i, j] = [0, 0];
      for (const { same, aFrom, aTo, bFrom, bTo } of compareLines(a, b)) {
        assert.deepEqual([aFrom, bFrom], [i, j]);
        if (same) assert.deepEqual(a.slice(aFrom, aTo), b.slice(bFrom, bTo));
        [i, j] = [aTo, bTo];
      }
      assert.deepEqual([i, j], [a.length, b.length]);
    }),
  );
});
