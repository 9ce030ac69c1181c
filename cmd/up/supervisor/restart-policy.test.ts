import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { afterExit, forgetAfterMs, noFailures } from "./restart-policy.ts";

test("a component is started anew at once, then after delays that double up to five seconds", () => {
  let history = noFailures;
  const delays: number[] = [];
  for (let i = 0; i < 7; i++) {
    const next = afterExit(history, 100);
    history = next.history;
    delays.push(next.delayMs);
  }
  assert.deepEqual(delays, [0, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("a minute of health makes the next failure the first again", () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(10 * forgetAfterMs), (failures, ranForMs) => {
      const { delayMs } = afterExit({ failures }, ranForMs);
      assert.ok(delayMs <= 5_000);
      assert.equal(delayMs === 0, failures === 0 || ranForMs >= forgetAfterMs);
    }),
  );
});
