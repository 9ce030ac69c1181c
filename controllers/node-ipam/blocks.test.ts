import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Blocks } from "./blocks.ts";

test("ranges are cut into /24 and /64, or as asked for", () => {
  const v4 = new Blocks("10.244.0.0/16");
  assert.deepEqual([v4.count, v4.textOf(0), v4.textOf(255)], [256, "10.244.0.0/24", "10.244.255.0/24"]);
  const v6 = new Blocks("fd00:10:244::/48");
  assert.deepEqual([v6.count, v6.textOf(1)], [65536, "fd00:10:244:1::/64"]);
  assert.equal(new Blocks("10.244.0.0/16", 26).textOf(5), "10.244.1.64/26");
  assert.equal(new Blocks("10.0.0.0/24").count, 1);
  assert.throws(() => new Blocks("10.0.0.0/24", 20), /cannot be cut/);
  assert.throws(() => new Blocks("nonsense"), /no range/);
});

test("a range that is larger or smaller than a block, or outside, has the blocks it touches", () => {
  const blocks = new Blocks("10.244.0.0/16");
  assert.deepEqual(blocks.spanOf("10.244.4.0/22"), [4, 7]);
  assert.deepEqual(blocks.spanOf("10.244.4.128/25"), [4, 4]);
  assert.deepEqual(blocks.spanOf("10.0.0.0/8"), [0, 255]);
  assert.equal(blocks.spanOf("10.96.0.0/16"), undefined);
  assert.equal(blocks.spanOf("fd00::/64"), undefined);
});

test("law: a block's text names that block and no other", () => {
  fc.assert(
    fc.property(fc.constantFrom("10.0.0.0/12", "10.244.0.0/16", "fd00:1::/52"), fc.nat(), (range, n) => {
      const blocks = new Blocks(range);
      const index = n % blocks.count;
      assert.deepEqual(blocks.spanOf(blocks.textOf(index)), [index, index]);
    }),
  );
});
