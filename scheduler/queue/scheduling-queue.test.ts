import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { VirtualClock } from "../../base/mod.ts";
import type { Change } from "../framework/cluster-event.ts";
import type { Plugin } from "../framework/plugin.ts";
import { nodeOf, podOf } from "../testing/objects.ts";
import { backoffMs } from "./queued-pod.ts";
import { SchedulingQueue } from "./scheduling-queue.ts";

/** Lets pods go when a node comes whose name the pod's label says. */
const picky: Plugin = {
  name: "Picky",
  interests: [
    {
      events: ["NodeAdd"],
      hint: ({ pod }, change) =>
        change.kind === "Node" && pod.metadata.labels?.["wants"] === change.node?.metadata.name,
    },
  ],
};
const gate: Plugin = {
  name: "Gate",
  interests: [
    {
      events: ["PodGatesEliminated"],
      hint: ({ uid }, change) => change.kind === "Pod" && change.pod?.metadata.uid === uid,
    },
  ],
  preEnqueue: ({ pod }) =>
    (pod.spec.schedulingGates ?? []).length > 0 ? { plugin: "Gate", reasons: [], unresolvable: true } : undefined,
};

function setUp() {
  const clock = new VirtualClock();
  const incoming: string[] = [];
  let ready = 0;
  const queue = new SchedulingQueue({
    clock,
    plugins: [gate, picky],
    onReady: () => ready++,
    onIncoming: (place, event) => incoming.push(`${place} ${event}`),
  });
  return { clock, queue, incoming, readyCount: () => ready };
}

const named = (name: string, wants = "", priority = 0) => podOf(name, { labels: { wants }, spec: { priority } });
const added = (name: string): Change => ({ kind: "Node", event: "NodeAdd", node: nodeOf(name) });
const rejectors = new Set(["Picky"]);

test("the most important pod comes first, of equals the one that has waited longest", async () => {
  const { clock, queue } = setUp();
  for (const [name, priority] of [
    ["a", 0],
    ["b", 5],
    ["c", 0],
    ["d", 5],
  ] as const) {
    queue.add(named(name, "", priority));
    await clock.advance(1);
  }
  const order = Array.from({ length: 4 }, () => queue.take()?.info.pod.metadata.name);
  assert.deepEqual(order, ["b", "d", "a", "c"]);
  assert.equal(queue.take(), undefined);
});

test("pods that came in one moment keep their order", () => {
  const { queue } = setUp();
  for (let i = 0; i < 100; i++) queue.add(named(`p${i}`));
  for (let i = 0; i < 100; i++) assert.equal(queue.take()?.info.pod.metadata.name, `p${i}`);
});

test("a rejected pod waits for what its plugin cares for, and for nothing else", () => {
  const { queue } = setUp();
  queue.add(named("a", "node-1"));
  queue.reject(queue.take()!.info.uid, rejectors);
  queue.changed(added("node-2"));
  queue.changed({ kind: "Node", event: "NodeTaint", old: nodeOf("node-1"), node: nodeOf("node-1") });
  assert.equal(queue.take(), undefined);
  queue.changed(added("node-1"));
  // Still in backoff, and taken all the same: nothing else is to be done (KEP-5142).
  assert.equal(queue.counts.backoff, 1);
  assert.equal(queue.take()?.info.uid, "uid-a");
});

test("what is active comes before what is in backoff, which ends by itself", async () => {
  const { clock, queue, readyCount } = setUp();
  queue.add(named("a", "node-1", 9));
  queue.reject(queue.take()!.info.uid, rejectors);
  queue.changed(added("node-1"));
  queue.add(named("b"));
  assert.equal(queue.take()?.info.uid, "uid-b");
  const before = readyCount();
  await clock.advance(1_000);
  assert.ok(readyCount() > before);
  assert.equal(queue.counts.active, 1);
});

test("an error waits its backoff out, twice as long each time, up to ten seconds", async () => {
  const { clock, queue } = setUp();
  queue.add(named("a"));
  for (const waitMs of [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    queue.fail(queue.take()!.info.uid);
    await clock.advance(waitMs - 1);
    assert.equal(queue.take(), undefined);
    await clock.advance(1);
    assert.equal(queue.counts.active, 1);
  }
  assert.deepEqual(
    [0, 1, 2, 5, 50].map((rejections) => backoffMs({ rejections, errors: 0 })),
    [0, 1_000, 2_000, 10_000, 10_000],
  );
});

test("after five minutes whatever waits is tried again", async () => {
  const { clock, queue } = setUp();
  const stop = new AbortController();
  const running = queue.run(stop.signal).catch(() => {}); // Ends by the abort.
  queue.add(named("a", "node-1"));
  queue.reject(queue.take()!.info.uid, rejectors);
  await clock.advance(5 * 60_000);
  assert.equal(queue.take(), undefined);
  await clock.advance(30_000);
  assert.equal(queue.take()?.info.uid, "uid-a");
  stop.abort();
  await running;
});

test("where a plugin cannot tell whether a change matters, the pod is tried", () => {
  const hint = (): boolean => {
    throw new Error("an odd object");
  };
  const confused: Plugin = { name: "Confused", interests: [{ events: ["NodeAdd"], hint }] };
  const queue = new SchedulingQueue({ clock: new VirtualClock(), plugins: [confused], onReady: () => {} });
  queue.add(named("a"));
  queue.reject(queue.take()!.info.uid, new Set(["Confused"]));
  queue.changed(added("n"));
  assert.equal(queue.take()?.info.uid, "uid-a");
});

test("without nodes, the first node lets all go", () => {
  const { queue } = setUp();
  queue.add(named("a"));
  queue.reject(queue.take()!.info.uid, new Set());
  queue.changed({ kind: "Node", event: "NodeLabel", old: nodeOf("x"), node: nodeOf("x") });
  assert.equal(queue.take(), undefined);
  queue.changed(added("whichever"));
  assert.equal(queue.take()?.info.uid, "uid-a");
});

test("a gated pod is not tried until its gates are gone, whatever happens", () => {
  const { queue, incoming } = setUp();
  const gated = podOf("a", { labels: { wants: "n" }, spec: { schedulingGates: [{ name: "x" }] } });
  queue.add(gated);
  queue.changed(added("n"));
  assert.deepEqual([queue.counts.gated, queue.take()], [1, undefined]);
  queue.update(gated, podOf("a", { labels: { wants: "n" } }));
  assert.equal(queue.take()?.info.uid, "uid-a");
  assert.deepEqual(incoming, ["gated PodAdd", "active PodUpdatePodSchedulingGatesEliminated"]);
});

test("a pod that goes while it is in flight is forgotten", () => {
  const { queue } = setUp();
  queue.add(named("a"));
  queue.take();
  queue.delete("uid-a");
  queue.fail("uid-a");
  queue.reject("uid-a", rejectors);
  queue.done("uid-a");
  assert.equal(queue.get("uid-a"), undefined);
  assert.deepEqual(Object.values(queue.counts), [0, 0, 0, 0, 0, 0]);
});

describe("whatever happens", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("add" as const), pod: fc.nat(7), priority: fc.nat(2) }),
    fc.record({ do: fc.constantFrom("delete" as const, "update" as const), pod: fc.nat(7) }),
    fc.record({ do: fc.constantFrom("take" as const, "done" as const, "fail" as const, "reject" as const) }),
    fc.record({ do: fc.constant("node" as const), node: fc.nat(3) }),
    fc.record({ do: fc.constant("wait" as const), ms: fc.nat(12_000) }),
  );

  test("no pod is lost, none is in two places, and taking goes by importance", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, queue } = setUp();
        const expected = new Set<string>();
        const inFlight: string[] = [];
        for (const one of steps) {
          if (one.do === "add") {
            const pod = named(`p${one.pod}`, `n${one.pod % 4}`, one.priority);
            queue.add(pod);
            expected.add(`uid-p${one.pod}`);
          } else if (one.do === "delete" || one.do === "update") {
            const uid = `uid-p${one.pod}`;
            const known = queue.get(uid);
            if (one.do === "update" && known !== undefined) queue.update(known.info.pod, { ...known.info.pod });
            if (one.do === "delete") {
              queue.delete(uid);
              expected.delete(uid);
              if (inFlight.includes(uid)) inFlight.splice(inFlight.indexOf(uid), 1);
            }
          } else if (one.do === "node") queue.changed(added(`n${one.node}`));
          else if (one.do === "wait") await clock.advance(one.ms);
          else if (one.do === "take") {
            const active = [...queue.pods].filter(({ place }) => place === "active");
            const best = Math.max(...active.map(({ info }) => info.priority));
            const taken = queue.take();
            if (active.length > 0) assert.equal(taken?.info.priority, best);
            if (taken !== undefined) {
              assert.ok(!inFlight.includes(taken.info.uid), "taken twice");
              inFlight.push(taken.info.uid);
            }
          } else {
            const uid = inFlight.pop();
            if (uid === undefined) continue;
            if (one.do === "done") {
              queue.done(uid);
              expected.delete(uid);
            } else if (one.do === "fail") queue.fail(uid);
            else queue.reject(uid, rejectors);
          }
          assert.deepEqual(new Set([...queue.pods].map(({ info }) => info.uid)), expected);
          const { counts } = queue;
          assert.equal(
            Object.values(counts).reduce((sum, count) => sum + count, 0),
            expected.size,
          );
          assert.equal(counts["in-flight"], inFlight.length);
          for (const place of Object.keys(counts) as (keyof typeof counts)[]) {
            assert.equal([...queue.pods].filter((queued) => queued.place === place).length, counts[place]);
          }
        }
        // In the end all that were not rejected can be taken.
        await clock.advance(11_000);
        for (let i = 0; i < 4; i++) queue.changed(added(`n${i}`));
        const left = new Set(inFlight);
        for (let taken = queue.take(); taken !== undefined; taken = queue.take()) left.add(taken.info.uid);
        assert.deepEqual(left, expected);
      }),
      { numRuns: 300 },
    );
  });
});
