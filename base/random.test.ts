import assert from "node:assert/strict";
import { test } from "node:test";
import type { Random } from "./random.ts";
import { realRandom } from "./real-random.ts";
import { SeededRandom } from "./seeded-random.ts";

const draws = (random: Random) => [random.next(), random.below(1000), random.uuid(), random.suffix(5), random.bytes(7)];

test("the same seed repeats exactly; another seed and a fork do not", () => {
  assert.deepEqual(draws(new SeededRandom(42)), draws(new SeededRandom("42")));
  assert.notDeepEqual(draws(new SeededRandom(42)), draws(new SeededRandom(43)));
  assert.notDeepEqual(draws(new SeededRandom(42)), draws(new SeededRandom(42).fork("kubelet")));
  const parent = new SeededRandom(42);
  parent.fork("kubelet").next();
  assert.deepEqual(draws(parent), draws(new SeededRandom(42)));
});

for (const [name, random] of [
  ["real", realRandom],
  ["seeded", new SeededRandom(7)],
] as const) {
  test(`${name} chance keeps the interface's shapes`, () => {
    for (let i = 0; i < 1000; i++) {
      const n = random.next();
      assert.ok(n >= 0 && n < 1);
      const below = random.below(7);
      assert.ok(Number.isInteger(below) && below >= 0 && below < 7);
    }
    assert.match(random.uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.match(random.suffix(10), /^[bcdfghjklmnpqrstvwxz2456789]{10}$/);
    assert.equal(random.bytes(9).length, 9);
  });
}

test("seeded chance is even: 16 buckets of 160,000 draws stay within 5 %", () => {
  const random = new SeededRandom("even");
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 160_000; i++) counts[random.below(16)]!++;
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `${counts}`);
});

test("nearby seeds differ from their first draw on", () => {
  const first = new Set(Array.from({ length: 1000 }, (_, seed) => new SeededRandom(seed).next()));
  assert.equal(first.size, 1000);
});
