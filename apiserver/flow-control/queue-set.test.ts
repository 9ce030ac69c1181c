import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MetricsRegistry } from "../../base/metrics.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { deal, hashOfFlow } from "./dealer.ts";
import { FlowControlMetrics } from "./metrics.ts";
import { type FlowRequest, QueueSet, type WorkEstimate } from "./queue-set.ts";

interface SetUp {
  readonly queues?: number | undefined;
  readonly length?: number;
  readonly limit: number;
}

function setUp({ queues, length = 50, limit }: SetUp) {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const metrics = new FlowControlMetrics(registry, clock);
  const set = new QueueSet(clock, metrics.level("level"));
  set.configure({ queues, queueLengthLimit: length }, limit);
  const flow = metrics.flow("level", "schema");
  const start = (hand: readonly number[], change: Partial<WorkEstimate> = {}) =>
    set.start({
      work: { initialSeats: 1, finalSeats: 0, additionalLatencyMs: 0, ...change },
      hand,
      flow,
      distinguisher: "",
      subject: undefined,
    });
  return { clock, set, start, registry };
}

const states = (requests: readonly (FlowRequest | undefined)[]) => requests.map((one) => one?.state ?? "rejected");

test("without queues, whoever finds no seat is rejected", () => {
  const { set, start, registry } = setUp({ queues: 0, limit: 2 });
  const requests = [start([]), start([]), start([])];
  assert.deepEqual(states(requests), ["executing", "executing", "rejected"]);
  set.finish(requests[0]!);
  assert.equal(start([])?.state, "executing");
  assert.match(
    registry.render(),
    /apiserver_flowcontrol_rejected_requests_total\{flow_schema="schema",priority_level="level",reason="concurrency-limit"\} 1/,
  );
});

test("an exempt level holds nobody back", () => {
  const { set, start } = setUp({ queues: undefined, limit: 0 });
  assert.deepEqual(states(Array.from({ length: 1_000 }, () => start([]))), Array(1_000).fill("executing"));
  assert.equal(set.seatsInUse, 1_000);
});

test("a queue takes so many and no more, and those it holds begin in their order", () => {
  const { set, start } = setUp({ queues: 1, length: 2, limit: 1 });
  const requests = [start([0]), start([0]), start([0]), start([0])];
  assert.deepEqual(states(requests), ["executing", "waiting", "waiting", "rejected"]);
  let begun = 0;
  requests[1]!.onStart = () => begun++;
  set.finish(requests[0]!);
  assert.equal(begun, 1);
  assert.deepEqual(states(requests.slice(1)), ["executing", "waiting", "rejected"]);
  set.cancel(requests[2]!);
  set.finish(requests[1]!);
  assert.deepEqual([set.isIdle, set.cancelled, set.rejected], [true, 1, 2]);
});

test("a flow that asks often does not take another's turn", () => {
  const { set, start } = setUp({ queues: 2, limit: 1 });
  const first = start([0])!;
  const greedy = Array.from({ length: 10 }, () => start([0])!);
  const modest = start([1])!;
  set.finish(first);
  const running = [...greedy, modest].filter(({ state }) => state === "executing");
  assert.equal(running.length, 1);
  set.finish(running[0]!);
  assert.notEqual(modest.state, "waiting", "the modest one is among the first two");
});

test("a request wider than its level runs, and alone", () => {
  const { set, start } = setUp({ queues: 1, limit: 4 });
  const narrow = start([0])!;
  const wide = start([0], { initialSeats: 10 })!;
  const later = start([0])!;
  assert.deepEqual(states([narrow, wide, later]), ["executing", "waiting", "waiting"]);
  set.finish(narrow);
  assert.deepEqual(states([wide, later]), ["executing", "waiting"]);
  set.finish(wide);
  assert.equal(later.state, "executing");
});

test("what a write leaves to do keeps its seats for a while", async () => {
  const { clock, set, start } = setUp({ queues: 1, limit: 3 });
  const write = start([0], { finalSeats: 3, additionalLatencyMs: 20 })!;
  const next = start([0])!;
  set.finish(write);
  assert.deepEqual([set.executing, set.seatsInUse, next.state], [0, 3, "waiting"]);
  await clock.advance(20);
  assert.deepEqual([set.seatsInUse, next.state], [1, "executing"]);
});

test("fewer queues: those that are too many go once they are empty", () => {
  const { set, start } = setUp({ queues: 4, limit: 1 });
  const requests = [0, 1, 2, 3].map((queue) => start([queue])!);
  set.configure({ queues: 2, queueLengthLimit: 50 }, 1);
  assert.equal(set.queues.length, 4);
  for (let i = 0; i < 4; i++) set.finish(requests.find(({ state }) => state === "executing")!);
  assert.equal(set.queues.length, 2);
  assert.equal(start([1])?.state, "executing");
});

interface Step {
  readonly flow: number;
  readonly seats: number;
  readonly latencyMs: number;
  readonly serviceMs: number;
  readonly gapMs: number;
  readonly patient: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  flow: fc.nat(3),
  seats: fc.integer({ min: 1, max: 6 }),
  latencyMs: fc.constantFrom(0, 0, 5, 30),
  serviceMs: fc.integer({ min: 1, max: 40 }),
  gapMs: fc.nat(10),
  patient: fc.boolean(),
});

test("laws: no more seats than the limit, nobody starves, nothing is lost or leaks", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (steps, limit) => {
      const { clock, set, start } = setUp({ queues: 4, length: 5, limit });
      const taken: FlowRequest[] = [];
      let rejected = 0;
      const check = (): void => {
        const executing = taken.filter(({ state }) => state === "executing");
        assert.ok(set.seatsInUse <= limit || executing.length <= 1, `${set.seatsInUse} seats of ${limit}`);
        assert.ok(set.waiting === 0 || set.seatsInUse > 0, "somebody waits while all seats are free");
      };
      for (const { flow, seats, latencyMs, serviceMs, gapMs, patient } of steps) {
        const request = start([flow, (flow + 1) % 4], {
          initialSeats: seats,
          finalSeats: 1,
          additionalLatencyMs: latencyMs,
        });
        if (request === undefined) rejected++;
        else {
          taken.push(request);
          const serve = () => void clock.setTimer(serviceMs, () => set.finish(request));
          if (request.state === "executing") serve();
          else {
            request.onStart = serve;
            if (!patient) clock.setTimer(25, () => set.cancel(request));
          }
        }
        check();
        await clock.advance(gapMs);
        check();
      }
      await clock.advance(60 * 100);
      check();
      assert.ok(taken.every(({ state }) => state === "ended"));
      assert.deepEqual([set.isIdle, set.seatsInUse, set.seatsWaiting], [true, 0, 0]);
      assert.equal(set.dispatched + set.cancelled + rejected, steps.length);
      assert.ok(set.queues.every(({ seatsInUse, work, seatsWaiting }) => seatsInUse + work + seatsWaiting === 0));
    }),
    { numRuns: 150 },
  );
});

test("law: flows that always have work get the same share, whatever they ask for at once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 2, maxLength: 4 }),
      fc.integer({ min: 1, max: 3 }),
      async (depths, limit) => {
        const { clock, set, start } = setUp({ queues: 4, length: 50, limit });
        const served = depths.map(() => 0);
        const keepAsking = (flow: number): void => {
          const request = start([flow])!;
          const serve = () =>
            void clock.setTimer(3, () => {
              served[flow]!++;
              set.finish(request);
              keepAsking(flow);
            });
          if (request.state === "executing") serve();
          else request.onStart = serve;
        };
        depths.forEach((depth, flow) => {
          for (let i = 0; i < depth + limit; i++) keepAsking(flow);
        });
        await clock.advance(900);
        const fair = (300 * limit) / depths.length;
        for (const count of served) assert.ok(Math.abs(count - fair) <= 12, `${served} should be ${fair} each`);
      },
    ),
    { numRuns: 15 },
  );
});

test("a hand is the same for the same flow, and holds different queues of the deck", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
      fc.constantFrom([128, 6], [64, 6], [16, 4], [5, 5]),
      (hash, shape) => {
        const [queues, handSize] = shape as [number, number];
        const hand = deal(hash, queues, handSize);
        assert.equal(new Set(hand).size, handSize);
        assert.ok(hand.every((card) => card >= 0 && card < queues));
      },
    ),
  );
  assert.deepEqual(deal(0n, 6, 3), [0, 1, 2]);
  assert.deepEqual(deal(5n + 6n * (4n + 5n * 3n), 6, 3), [5, 4, 3]);
  assert.equal(hashOfFlow("service-accounts", "ann"), hashOfFlow("service-accounts", "ann"));
});
