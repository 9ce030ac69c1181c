import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../../base/seeded-random.ts";
import { Pool } from "./pool.ts";

test("a value that is wanted is taken once, and only within the range", () => {
  const pool = new Pool(10n, 3n, new SeededRandom(1));
  assert.equal(pool.take(12n), 12n);
  assert.equal(pool.take(12n), "allocated");
  assert.deepEqual([pool.take(9n), pool.take(13n)], ["outOfRange", "outOfRange"]);
});

test("a value whose object is there before its write has ended counts once: the last free value is found", () => {
  const pool = new Pool(0n, 2n, new SeededRandom(1));
  const first = pool.take();
  pool.count(first as bigint, 1);
  const second = pool.take();
  assert.deepEqual([first, second].sort(), [0n, 1n]);
  assert.equal(pool.take(), "full");
});

test("a range wider than a number of 53 bits is drawn from evenly enough never to repeat", () => {
  const pool = new Pool(1n << 100n, 1n << 64n, new SeededRandom(1));
  const drawn = Array.from({ length: 1_000 }, () => pool.take());
  assert.equal(new Set(drawn).size, 1_000);
  assert.ok(drawn.every((value) => typeof value === "bigint" && pool.has(value)));
});

test("whatever order writes end in, no value is held twice, and `full` means that every value is", () => {
  const step = fc.record({
    do: fc.constantFrom("take", "takeThis", "fail", "succeed", "delete"),
    at: fc.nat({ max: 20 }),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (size, steps) => {
      const pool = new Pool(0n, BigInt(size), new SeededRandom(2));
      const writing: bigint[] = [];
      const existing: bigint[] = [];
      for (const { do: what, at } of steps) {
        if (what === "take" || what === "takeThis") {
          const value = what === "take" ? pool.take() : pool.take(BigInt(at % size));
          const holders = writing.length + existing.length;
          if (typeof value === "bigint") {
            assert.ok(!writing.includes(value) && !existing.includes(value), `${value} was held`);
            writing.push(value);
          } else if (what === "take") {
            assert.deepEqual([value, holders], ["full", size]);
          } else {
            assert.equal(value, "allocated");
          }
        } else if (what === "delete") {
          for (const value of existing.splice(at % Math.max(1, existing.length), 1)) {
            pool.count(value, -1);
          }
        } else {
          for (const value of writing.splice(at % Math.max(1, writing.length), 1)) {
            if (what === "succeed") {
              pool.count(value, 1);
              existing.push(value);
            }
            pool.release(value);
          }
        }
      }
    }),
  );
});
