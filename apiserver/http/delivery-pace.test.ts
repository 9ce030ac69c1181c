import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock, Timer } from "../../base/clock.ts";
import { DeliveryPace, type FrameHolder } from "./delivery-pace.ts";

/** A clock that writes move: time passes while a holder lets go. */
class WorkClock {
  ms = 1_000;
  readonly timers: { readonly dueMs: number; readonly fn: () => void }[] = [];
  readonly clock = {
    monotonicMs: () => this.ms,
    setTimer: (delayMs: number, fn: () => void): Timer => {
      this.timers.push({ dueMs: this.ms + delayMs, fn });
      return undefined as unknown as Timer;
    },
  } as Clock;

  fireNext(): void {
    const { dueMs, fn } = this.timers.shift()!;
    this.ms = Math.max(this.ms, dueMs);
    fn();
  }
}

function holder(work: WorkClock, costMs: number): FrameHolder & { readonly releasedAt: number[] } {
  const releasedAt: number[] = [];
  return {
    releasedAt,
    release() {
      releasedAt.push(work.ms);
      work.ms += costMs;
    },
  };
}

test("the first frames after a pause leave at the end of their turn, each receiver's as one", async () => {
  const work = new WorkClock();
  const pace = new DeliveryPace(work.clock);
  const [a, b] = [holder(work, 0), holder(work, 0)];
  for (const one of [a, b, a, a]) pace.add(one);
  assert.deepEqual([a.releasedAt, b.releasedAt], [[], []]);
  await nextTurn();
  assert.deepEqual([a.releasedAt, b.releasedAt], [[1_000], [1_000]]);
});

test("a few cheap receivers never wait, however often they are told", async () => {
  const work = new WorkClock();
  const pace = new DeliveryPace(work.clock);
  const one = holder(work, 0.03);
  for (let event = 0; event < 50; event++) {
    pace.add(one);
    await nextTurn();
    work.ms += 0.2;
  }
  assert.equal(one.releasedAt.length, 50);
  assert.equal(work.timers.length, 0);
});

test("a round of 2 ms is followed by 6 without one, and what happens meanwhile leaves together", async () => {
  const work = new WorkClock();
  const pace = new DeliveryPace(work.clock);
  const [a, b] = [holder(work, 1), holder(work, 1)];
  pace.add(a);
  pace.add(b);
  await nextTurn();
  work.ms += 1;
  for (const one of [a, b, a, b]) pace.add(one);
  await nextTurn();
  assert.deepEqual([a.releasedAt, work.timers.map(({ dueMs }) => dueMs)], [[1_000], [1_008]]);
  work.fireNext();
  assert.deepEqual(
    [a.releasedAt, b.releasedAt],
    [
      [1_000, 1_008],
      [1_001, 1_009],
    ],
  );
});

test("nobody waits for more than 25 ms, however long rounds take, and a pause settles all", async () => {
  const work = new WorkClock();
  const pace = new DeliveryPace(work.clock);
  const slow = holder(work, 300);
  pace.add(slow);
  await nextTurn();
  for (let round = 0; round < 3; round++) {
    const askedMs = work.ms;
    pace.add(slow);
    assert.deepEqual(
      work.timers.map(({ dueMs }) => dueMs),
      [askedMs + 25],
    );
    work.fireNext();
  }
  work.ms += 25;
  pace.add(slow);
  assert.equal(work.timers.length, 0);
  await nextTurn();
  assert.equal(slow.releasedAt.length, 5);
});
