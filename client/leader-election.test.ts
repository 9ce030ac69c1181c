import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Lease } from "../api/generated/types/coordination-v1.ts";
import type { TransportRequest } from "../apimachinery/resource/transport.ts";
import { silentLogger } from "../base/logger.ts";
import { MetricsRegistry } from "../base/metrics.ts";
import { SeededRandom } from "../base/seeded-random.ts";
import { VirtualClock } from "../base/virtual-clock.ts";
import { createClient } from "./client.ts";
import { type LeaderElectionOptions, LeaderElector, LeadershipLostError } from "./leader-election.ts";
import { LeaseLock } from "./lease-lock.ts";
import { MemoryApi } from "./testing/memory-api.ts";

const leases = {
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
  scope: "Namespaced",
} as const;

function setUp(seed: number | string = 1) {
  const clock = new VirtualClock({ settleTurns: 1 });
  const random = new SeededRandom(seed);
  const server = new MemoryApi({ clock, random: random.fork("server") });
  const client = createClient(server).resource<Lease>(leases, "kube-system");
  const registry = new MetricsRegistry();
  /** Who leads, by their own belief. */
  const leading = new Set<string>();
  const candidate = (identity: string, options: Partial<LeaderElectionOptions> = {}) => {
    const controller = new AbortController();
    const elector = new LeaderElector({
      lock: new LeaseLock({ client, name: "scheduler" }),
      identity,
      name: "scheduler",
      clock,
      random: random.fork(identity),
      logger: silentLogger,
      ...options,
    });
    const run = elector.run(controller.signal, async (signal) => {
      assert.deepEqual([...leading], [], "one leader at a time");
      leading.add(identity);
      await clock.sleep(1e12, signal).catch(() => {});
      leading.delete(identity);
    });
    run.catch((error: unknown) => assert.ok(error instanceof LeadershipLostError, String(error)));
    return { elector, run, stop: () => controller.abort() };
  };
  return { clock, server, client, candidate, leading, registry };
}

const failWrites = (error: () => Error, server: MemoryApi, count: number) => {
  for (let i = 0; i < count; i++) server.failNext(error, () => true);
};

test("the first candidate leads and renews, the second waits", async () => {
  const { clock, client, candidate, leading, registry } = setUp();
  const seen: string[] = [];
  const a = candidate("a", { registry, recordEvent: (message) => seen.push(message) });
  await clock.advance(100);
  const b = candidate("b", { onNewLeader: (identity) => seen.push(`b sees ${identity}`) });
  await clock.advance(60_000);
  assert.deepEqual([...leading], ["a"]);
  assert.deepEqual(seen, ["became leader", "b sees a"]);
  const { spec } = await client.get("scheduler");
  assert.equal(spec?.holderIdentity, "a");
  assert.equal(spec?.leaseDurationSeconds, 15);
  assert.equal(spec?.leaseTransitions, 0);
  assert.equal(spec?.acquireTime, "2026-01-01T00:00:00.000000Z");
  assert.ok(Date.parse(spec?.renewTime ?? "") >= clock.now() - 2000);
  assert.match(registry.render(), /leader_election_master_status\{name="scheduler"\} 1/);
  assert.deepEqual([a.elector.isLeader, b.elector.isLeader, b.elector.leader], [true, false, "a"]);
  a.stop();
  b.stop();
  await clock.runUntil(Promise.all([a.run, b.run]));
  assert.deepEqual(seen, ["became leader", "b sees a", "stopped leading"]);
});

test("without a release the next one waits out the lease, with one it follows at once", async () => {
  for (const releaseOnCancel of [false, true]) {
    const { clock, client, candidate, leading } = setUp();
    const a = candidate("a", { releaseOnCancel });
    const b = candidate("b");
    await clock.advance(30_000);
    a.stop();
    await clock.runUntil(a.run);
    const startMs = clock.monotonicMs();
    await clock.runUntil(() => leading.has("b"));
    const waitedMs = clock.monotonicMs() - startMs;
    if (releaseOnCancel) assert.ok(waitedMs <= 4_400 + 1000, `${waitedMs}`);
    else assert.ok(waitedMs >= 13_000 && waitedMs <= 15_000 + 2 * 4_400, `${waitedMs}`);
    assert.equal((await client.get("scheduler")).spec?.leaseTransitions, 1);
    b.stop();
    await clock.runUntil(b.run);
  }
});

test("a leader that cannot renew stops before anyone may follow", async () => {
  const { clock, server, candidate, leading } = setUp();
  const a = candidate("a");
  await clock.advance(5_000);
  failWrites(() => new Error("no route to host"), server, 1000);
  const startMs = clock.monotonicMs();
  await assert.rejects(clock.runUntil(a.run), LeadershipLostError);
  assert.ok(clock.monotonicMs() - startMs <= 12_000);
  assert.deepEqual([...leading], []);
});

test("a request that never ends does not keep a leader in office", async () => {
  const { clock, server, candidate } = setUp();
  const hanging = server.request.bind(server);
  const a = candidate("a");
  await clock.advance(1);
  server.request = (request: TransportRequest) => {
    const { promise, reject } = Promise.withResolvers<never>();
    request.signal?.addEventListener("abort", () => reject(request.signal?.reason));
    return promise;
  };
  await assert.rejects(clock.runUntil(a.run), LeadershipLostError);
  assert.ok(clock.monotonicMs() <= 15_000);
  server.request = hanging;
});

test("a leader whose lease someone else took gives up", async () => {
  const { clock, client, candidate } = setUp();
  const a = candidate("a");
  await clock.advance(5_000);
  await client.patch("scheduler", { type: "merge", body: { spec: { holderIdentity: "thief" } } });
  await assert.rejects(clock.runUntil(a.run), LeadershipLostError);
  assert.equal(a.elector.leader, "thief");
});

test("what the leader throws ends the run with it, after the lock is free", async () => {
  const { clock, server, client } = setUp();
  const elector = new LeaderElector({
    lock: new LeaseLock({ client, name: "x", labels: { of: "x" } }),
    identity: "a",
    name: "x",
    clock,
    random: new SeededRandom(1),
    logger: silentLogger,
    releaseOnCancel: true,
  });
  const run = elector.run(new AbortController().signal, () => Promise.reject(new Error("a bug")));
  await assert.rejects(clock.runUntil(run), /a bug/);
  const lease = await client.get("x");
  assert.deepEqual([lease.spec?.holderIdentity, lease.metadata.labels], ["", { of: "x" }]);
  assert.equal(clock.pendingTimers, 0);
  assert.equal(server.openWatches, 0);
});

test("periods that cannot work are refused", () => {
  const { candidate } = setUp();
  assert.throws(() => candidate("a", { renewDeadlineMs: 15_000 }), /leaseDuration must be greater than renewDeadline/);
  assert.throws(
    () => candidate("a", { retryPeriodMs: 9_000 }),
    /renewDeadline must be greater than retryPeriod\*JitterFactor/,
  );
});

test("never two leaders, and always one again soon, whatever fails and whoever stops", async () => {
  const step = fc.record({
    do: fc.constantFrom("stop", "start", "fail", "fail"),
    who: fc.nat(2),
    afterMs: fc.nat(20_000),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.boolean(),
      fc.nat(),
      async (steps, releaseOnCancel, seed) => {
        const { clock, server, candidate, leading } = setUp(seed);
        const running = new Map<number, ReturnType<typeof candidate>>();
        /** As a supervisor does: whoever lost the lead is started anew, unless it was told to stop. */
        const starts = (who: number) => {
          if (running.has(who)) return;
          const started = candidate(`c${who}`, { releaseOnCancel });
          running.set(who, started);
          started.run.catch(() => {
            if (running.get(who) !== started) return;
            running.delete(who);
            starts(who);
          });
        };
        for (const who of [0, 1, 2]) starts(who);
        for (const { do: what, who, afterMs } of steps) {
          await clock.advance(afterMs);
          if (what === "start") starts(who);
          else if (what === "fail") failWrites(() => new Error("no route to host"), server, 8);
          else {
            running.get(who)?.stop();
            running.delete(who);
          }
        }
        starts(0);
        // Time for one candidate alone to come through all the failures that were ordered, and then to wait out a lease.
        await clock.advance(15 * 8 * 4_400 + 30_000);
        assert.equal(leading.size, 1);
        for (const { stop } of running.values()) stop();
        await clock.advance(60_000);
      },
    ),
    { numRuns: 40 },
  );
});
