import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Timer } from "./clock.ts";
import { VirtualClock } from "./virtual-clock.ts";

test("timers fire by due time, equal ones in the order they were set", async () => {
  const clock = new VirtualClock();
  const fired: string[] = [];
  clock.setTimer(20, () => fired.push("c"));
  clock.setTimer(10, () => fired.push("a"));
  clock.setTimer(10, () => fired.push("b"));
  clock.setTimer(21, () => fired.push("never"));
  await clock.advance(20);
  assert.deepEqual(fired, ["a", "b", "c"]);
  assert.equal(clock.monotonicMs(), 20);
});

test("what a timer sets in motion through promises happens before the next timer", async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const say = (text: string) => seen.push(`${clock.monotonicMs()} ${text}`);
  clock.setTimer(10, () => {
    say("a");
    void Promise.resolve()
      .then(() => Promise.resolve())
      .then(() => clock.setTimer(5, () => say("c")));
  });
  clock.setTimer(20, () => say("b"));
  await clock.advance(20);
  assert.deepEqual(seen, ["10 a", "15 c", "20 b"]);
});

test("runUntil a promise hands on its outcome and stops time there", async () => {
  const clock = new VirtualClock();
  const work = async () => {
    for (let i = 0; i < 3; i++) await clock.sleep(1000);
    return "done";
  };
  clock.setTimer(1e6, () => {});
  assert.equal(await clock.runUntil(work()), "done");
  assert.equal(clock.monotonicMs(), 3000);
  await assert.rejects(clock.runUntil(Promise.reject(new Error("broken"))), /broken/);
});

test("runUntil says what is pending when nothing can bring the condition about", async () => {
  const clock = new VirtualClock({ maxPassedMs: 1000 });
  await assert.rejects(
    clock.runUntil(() => false),
    /ended before the condition became true; no timer is pending/,
  );
  clock.setTimer(5000, function renewLease() {});
  await assert.rejects(
    clock.runUntil(() => false),
    /1 pending: \+5000 ms renewLease/,
  );
});

test("runUntil gives threads and sockets real time, while no timer is pending", async () => {
  const clock = new VirtualClock();
  const io = new Promise<string>((resolve) => setTimeout(() => resolve("from outside"), 30));
  assert.equal(await clock.runUntil(io), "from outside");
  assert.equal(clock.monotonicMs(), 0);
});

test("a runaway ends with an error that names the pending timers", async () => {
  const clock = new VirtualClock({ maxTimers: 100, traceTimers: true });
  const again = function spin() {
    clock.setTimer(0, spin);
  };
  again();
  await assert.rejects(
    clock.runUntilIdle(),
    /runaway: 100 timers fired; 1 pending: \+0 ms spin \(at .*virtual-clock\.test/,
  );
});

test("sleep rejects with the signal's reason and leaves no timer", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const slept = clock.sleep(1000, controller.signal);
  controller.abort(new Error("enough"));
  await assert.rejects(slept, /enough/);
  assert.equal(clock.pendingTimers, 0);
  await assert.rejects(clock.sleep(1, controller.signal), /enough/);
});

test("a cleared timer never fires, and clearing many does not grow the clock", async () => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  for (let i = 0; i < 5000; i++) clock.setTimer(1e9, () => fired.push(i)).clear();
  const timer: Timer = clock.setTimer(1, () => fired.push(-1));
  timer.clear();
  timer.clear();
  assert.equal(clock.pendingTimers, 0);
  await clock.runUntilIdle();
  assert.deepEqual(fired, []);
  assert.equal(clock.monotonicMs(), 0);
});

test("any program of timers, clears and sleeps fires exactly what is due, in order, and repeats itself", async () => {
  const step = fc.record({ delay: fc.nat(50), clear: fc.boolean(), nested: fc.option(fc.nat(20), { nil: undefined }) });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.nat(60), async (steps, until) => {
      const run = async () => {
        const clock = new VirtualClock({ settleTurns: 1 });
        const fired: [number, string][] = [];
        steps.forEach(({ delay, clear, nested }, i) => {
          const timer = clock.setTimer(delay, () => {
            fired.push([clock.monotonicMs(), `t${i}`]);
            if (nested !== undefined)
              clock.sleep(nested).then(
                () => fired.push([clock.monotonicMs(), `n${i}`]),
                () => assert.fail("no signal"),
              );
          });
          if (clear) timer.clear();
        });
        await clock.advance(until);
        return fired;
      };
      const fired = await run();
      const expected = steps.flatMap(({ delay, clear, nested }, i): [number, string][] => {
        if (clear || delay > until) return [];
        const inner = nested !== undefined && delay + nested <= until;
        return inner
          ? [
              [delay, `t${i}`],
              [delay + nested, `n${i}`],
            ]
          : [[delay, `t${i}`]];
      });
      const byText = (a: [number, string], b: [number, string]) => (a[1] < b[1] ? -1 : 1);
      assert.deepEqual([...fired].sort(byText), expected.sort(byText));
      for (let i = 1; i < fired.length; i++) assert.ok(fired[i]![0] >= fired[i - 1]![0]);
      assert.deepEqual(await run(), fired);
    }),
    { numRuns: 50 },
  );
});
