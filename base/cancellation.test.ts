import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { abortable, linkSignals, signalWithTimeout, TimeoutError, waitAtMost } from "./cancellation.ts";
import { runTasks, TaskGroup } from "./task-group.ts";
import { VirtualClock } from "./virtual-clock.ts";

const listeners = (signal: AbortSignal) => getEventListeners(signal, "abort").length;

test("a linked signal aborts with the first one's reason and listens no more once disposed", () => {
  const a = new AbortController();
  const b = new AbortController();
  const linked = linkSignals(a.signal, undefined, b.signal);
  b.abort("because");
  assert.equal(linked.signal.reason, "because");
  const other = linkSignals(a.signal);
  other[Symbol.dispose]();
  linked[Symbol.dispose]();
  assert.equal(listeners(a.signal), 0);
  assert.equal(linkSignals(b.signal).signal.reason, "because");
});

test("a signal with a timeout aborts with TimeoutError, and disposing clears its timer", async () => {
  const clock = new VirtualClock();
  const late = signalWithTimeout({ clock, timeoutMs: 100 });
  await clock.advance(100);
  assert.ok(late.signal.reason instanceof TimeoutError);
  const parent = new AbortController();
  {
    using early = signalWithTimeout({ clock, timeoutMs: 100, signal: parent.signal });
    assert.equal(early.signal.aborted, false);
  }
  assert.equal(clock.pendingTimers, 0);
  assert.equal(listeners(parent.signal), 0);
});

test("abortable rejects on abort and leaves no listener when the promise comes first", async () => {
  const controller = new AbortController();
  assert.equal(await abortable(Promise.resolve(1), controller.signal), 1);
  await assert.rejects(abortable(Promise.reject(new Error("own")), controller.signal), /own/);
  assert.equal(listeners(controller.signal), 0);
  const hanging = abortable(new Promise(() => {}), controller.signal);
  controller.abort(new Error("stop"));
  await assert.rejects(hanging, /stop/);
});

test("a group waits for all, aborts the rest on the first failure and reports that one", async () => {
  const clock = new VirtualClock();
  const ended: string[] = [];
  const run = runTasks(undefined, [
    async (signal) => {
      try {
        await clock.sleep(1e6, signal);
      } finally {
        await clock.sleep(50);
        ended.push("slow");
      }
    },
    async () => {
      await clock.sleep(10);
      ended.push("failing");
      throw new Error("first");
    },
    async () => {
      await clock.sleep(20);
      ended.push("echo");
      throw new Error("second");
    },
  ]);
  await assert.rejects(clock.runUntil(run), /first/);
  assert.deepEqual(ended, ["failing", "echo", "slow"]);
  assert.equal(clock.monotonicMs(), 60);
});

test("ending because the parent aborted is no failure", async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const group = new TaskGroup(controller.signal);
  group.start((signal) => clock.sleep(1e6, signal));
  controller.abort();
  await group.wait();
  group.start(() => assert.fail("must not start"));
  assert.equal(group.active, 0);
  assert.equal(listeners(controller.signal), 0);
});

test("a task that throws before its first await fails the group", async () => {
  const group = new TaskGroup();
  group.start(() => {
    throw new Error("at once");
  });
  await assert.rejects(group.wait(), /at once/);
});

test("who waits at most so long goes on then, or with what came before, and leaves no timer behind", async () => {
  const clock = new VirtualClock();
  const options = { clock, timeoutMs: 100 };
  await waitAtMost(Promise.resolve("done"), options);
  await assert.rejects(waitAtMost(Promise.reject(new Error("broken")), options), { message: "broken" });
  assert.equal(clock.pendingTimers, 0);
  const late = Promise.withResolvers<void>();
  const waited = waitAtMost(late.promise, options);
  await clock.advance(100);
  await waited;
  late.reject(new Error("nobody listens any more"));
  await assert.rejects(
    waitAtMost(new Promise(() => {}), { ...options, signal: AbortSignal.abort("because") }),
    (reason) => {
      assert.equal(reason, "because");
      return true;
    },
  );
  assert.equal(clock.pendingTimers, 0);
});
