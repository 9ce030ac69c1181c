import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "./real-clock.ts";

test("sleeps about as long as asked, and stops when told", { timeout: 5000 }, async () => {
  const start = realClock.monotonicMs();
  await realClock.sleep(20);
  assert.ok(realClock.monotonicMs() - start >= 19);
  const controller = new AbortController();
  const slept = realClock.sleep(60_000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
});

test("a delay beyond setTimeout's limit does not fire at once", { timeout: 5000 }, async () => {
  let fired = false;
  const timer = realClock
    .setTimer(2 ** 32, () => {
      fired = true;
    })
    .unref();
  await realClock.sleep(10);
  timer.clear();
  assert.equal(fired, false);
});
