import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MetricsRegistry } from "../base/metrics.ts";
import { VirtualClock } from "../base/virtual-clock.ts";
import { exponentialRateLimiter } from "./rate-limiter.ts";
import { runWorkers, WorkQueue } from "./work-queue.ts";

test("a key added while it waits is worked on once, while it is worked on again afterwards", async () => {
  const queue = new WorkQueue({ clock: new VirtualClock() });
  queue.add("a");
  queue.add("a");
  queue.add("b");
  assert.equal(await queue.get(), "a");
  queue.add("a");
  assert.equal(queue.length, 1);
  assert.equal(await queue.get(), "b");
  assert.equal(queue.length, 0);
  queue.done("a");
  assert.equal(await queue.get(), "a");
});

test("delayed keys come when their time has come, the sooner of two times counting", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  queue.addAfter("a", 100);
  queue.addAfter("a", 50);
  queue.addAfter("a", 70);
  queue.addAfter("b", 60);
  await clock.advance(49);
  assert.equal(queue.length, 0);
  await clock.advance(1);
  assert.equal(await queue.get(), "a");
  queue.done("a");
  await clock.advance(10);
  assert.equal(await queue.get(), "b");
  queue.done("b");
  await clock.advance(1000);
  assert.ok(queue.idle);
  assert.equal(clock.pendingTimers, 0);
});

test("fractions of a millisecond neither come early nor keep a key for ever", { timeout: 10_000 }, async () => {
  // As far from 1970 as we are, a number tells quarters of a thousandth of a millisecond apart, and no more.
  const clock = new VirtualClock({ maxTimers: 100 });
  const queue = new WorkQueue({ clock });
  for (const delayMs of [0.3, 1 / 3, 0.0001, 7.77]) {
    const startMs = clock.monotonicMs();
    queue.addAfter("a", delayMs);
    await clock.runUntil(() => queue.length > 0);
    assert.ok(clock.monotonicMs() - startMs >= delayMs);
    queue.done((await queue.get())!);
  }
});

test("failures of a key double its wait until it is forgotten", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock, rateLimiter: exponentialRateLimiter({ baseMs: 10, maxMs: 1000 }) });
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    const start = clock.monotonicMs();
    queue.addRateLimited("a");
    const key = await clock.runUntil(queue.get());
    waits.push(clock.monotonicMs() - start);
    queue.done(key ?? assert.fail());
  }
  assert.deepEqual(waits, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
  assert.equal(queue.requeues("a"), 9);
  queue.forget("a");
  assert.equal(queue.requeues("a"), 0);
});

test("the default limiter lets 100 retries pass at once and then ten a second over all keys", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue<number>({ clock });
  for (let key = 0; key < 120; key++) queue.addRateLimited(key);
  await clock.advance(5);
  assert.equal(queue.length, 100);
  await clock.advance(995);
  assert.equal(queue.length, 110);
  await clock.advance(1000);
  assert.equal(queue.length, 120);
});

test("shutting down hands out what is in line, refuses more and drains", async () => {
  const queue = new WorkQueue({ clock: new VirtualClock() });
  queue.add("a");
  queue.addAfter("late", 10);
  const drained = queue.shutDownWithDrain();
  queue.add("b");
  assert.equal(await queue.get(), "a");
  assert.equal(await queue.get(), undefined);
  let done = false;
  void drained.then(() => {
    done = true;
  });
  await Promise.resolve();
  assert.equal(done, false);
  queue.done("a");
  await drained;
});

test("metrics bear upstream's names", async () => {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const queue = new WorkQueue({ clock, registry, name: "replicaset" });
  queue.add("a");
  queue.add("a");
  queue.add("b");
  await clock.advance(1500);
  await queue.get();
  await clock.advance(500);
  const text = registry.render();
  for (const line of [
    'workqueue_depth{name="replicaset"} 1',
    'workqueue_adds_total{name="replicaset"} 2',
    'workqueue_queue_duration_seconds_sum{name="replicaset"} 1.5',
    'workqueue_queue_duration_seconds_bucket{name="replicaset",le="1"} 0',
    'workqueue_unfinished_work_seconds{name="replicaset"} 0.5',
    'workqueue_longest_running_processor_seconds{name="replicaset"} 0.5',
    'workqueue_retries_total{name="replicaset"} 0',
  ])
    assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
});

test("workers end when told, after the work in progress", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  const controller = new AbortController();
  const done: string[] = [];
  const run = runWorkers(
    {
      queue,
      workers: 2,
      work: async (key) => {
        await clock.sleep(100);
        done.push(key);
      },
    },
    controller.signal,
  );
  for (const key of ["a", "b", "c"]) queue.add(key);
  await clock.advance(50);
  controller.abort();
  await clock.runUntil(run);
  assert.deepEqual(done, ["a", "b"]);
});

test("a rejection of the work ends all workers with it", async () => {
  const clock = new VirtualClock();
  const queue = new WorkQueue({ clock });
  queue.add("a");
  const run = runWorkers(
    { queue, workers: 3, work: () => Promise.reject(new Error("bug")) },
    new AbortController().signal,
  );
  await assert.rejects(run, /bug/);
});

interface Step {
  readonly key: number;
  readonly atMs: number;
  readonly delayMs: number;
}

test("never two workers on one key, and no added key is lost, whatever the timing", async () => {
  const step = fc.record({ key: fc.nat(4), atMs: fc.nat(60), delayMs: fc.oneof(fc.constant(0), fc.nat(30)) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 40 }),
      fc.array(fc.nat(25), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps: Step[], durations, workers) => {
        const clock = new VirtualClock({ settleTurns: 1 });
        const queue = new WorkQueue<number>({ clock });
        const controller = new AbortController();
        const active = new Set<number>();
        const starts: { key: number; atMs: number; order: number }[] = [];
        const adds: { key: number; atMs: number; order: number }[] = [];
        let order = 0;
        const run = runWorkers(
          {
            queue,
            workers,
            work: async (key) => {
              assert.ok(!active.has(key), `two workers on ${key}`);
              active.add(key);
              starts.push({ key, atMs: clock.monotonicMs(), order: order++ });
              await clock.sleep(durations[starts.length % durations.length] ?? 0);
              active.delete(key);
            },
          },
          controller.signal,
        );
        for (const { key, atMs, delayMs } of steps)
          clock.setTimer(atMs, () => {
            adds.push({ key, atMs: atMs + delayMs, order: order++ });
            queue.addAfter(key, delayMs);
          });
        await clock.runUntilIdle();
        assert.ok(queue.idle);
        for (const add of adds) {
          // Work that began after the key became ready has seen it; for a delayed add a sooner one may have taken its place.
          const seen = starts.some((start) => start.key === add.key && start.order > add.order);
          assert.ok(seen, `key ${add.key} added at ${add.atMs} was lost`);
        }
        assert.ok(starts.length <= adds.length);
        controller.abort();
        await clock.runUntil(run);
      },
    ),
    { numRuns: 150 },
  );
});
