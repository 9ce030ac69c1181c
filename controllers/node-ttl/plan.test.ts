import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node } from "../../api/core/v1/node.ts";
import { isOutdated, plan, secondsFor } from "./plan.ts";

const node = (name: string, ttl?: string): Node =>
  ({
    metadata: { name, ...(ttl === undefined ? {} : { annotations: { "node.alpha.kubernetes.io/ttl": ttl } }) },
  }) as unknown as Node;
const nodes = (count: number, ttl?: string): readonly Node[] =>
  Array.from({ length: count }, (_, i) => node(`n${i}`, ttl));

test("secrets are taken for current longer in larger clusters, and a bound is crossed downwards a little later", () => {
  for (const [count, before, seconds] of [
    [100, undefined, 0],
    [101, undefined, 15],
    [101, "0", 15],
    [90, "15", 15],
    [89, "15", 0],
    [1_000, "15", 30],
    [1_001, "30", 60],
    [2_001, "60", 300],
    [1_799, "300", 60],
    [10, "300", 0],
    [10, "7", 0],
    [10, "x", 0],
  ] as const) {
    assert.equal(secondsFor(nodes(count, before)), seconds, `${count} nodes after ${before}`);
  }
});

test("a node that says it already is let be; another one is told", () => {
  assert.deepEqual(plan({ node: node("a", "15"), seconds: 15 }), []);
  for (const before of [undefined, "0", "soon"]) {
    const [action, ...others] = plan({ node: node("a", before), seconds: 15 });
    assert.partialDeepStrictEqual(action, {
      ...{ type: "patch", name: "a" },
      patch: { body: { metadata: { annotations: { "node.alpha.kubernetes.io/ttl": "15" } } } },
    });
    assert.deepEqual(others, []);
  }
});

test("once every node is told, nothing is outdated, whatever they said before", () => {
  const count = fc.integer({ min: 1, max: 2_500 });
  const said = fc.constantFrom(undefined, "0", "15", "30", "60", "300", "9");
  fc.assert(
    fc.property(count, said, (size, before) => {
      const seconds = secondsFor(nodes(size, before));
      assert.equal(isOutdated(nodes(size, String(seconds))), false);
    }),
    { numRuns: 50 },
  );
});
