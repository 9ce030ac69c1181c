import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Pod } from "../../api/core/v1/pod.ts";
import { silentLogger } from "../../base/logger.ts";
import { MetricsRegistry } from "../../base/metrics.ts";
import { SeededRandom } from "../../base/seeded-random.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { CriError } from "../../cri/mod.ts";
import { createProbeManager } from "./create-probe-manager.ts";
import type { ProbeManager } from "./probe-manager.ts";
import { failure, success } from "./probe-outcome.ts";
import { eagerMs, noRun, tally, verdictOf } from "./probe-schedule.ts";

interface World {
  readonly clock: VirtualClock;
  readonly manager: ProbeManager;
  /** Times at which each command was run, milliseconds since the start, by command. */
  readonly runs: Map<string, number[]>;
  /** What each command does: its exit code, at this many milliseconds. "never": the runtime cannot run it. */
  readonly does: Map<string, (atMs: number) => number | "never">;
  readonly events: string[];
  readonly metrics: MetricsRegistry;
  readonly changes: string[];
  run(pod: Pod, id?: string): void;
  /** Time passes, in small steps, so that commands have theirs. */
  pass(ms: number): Promise<void>;
}

async function inWorld(use: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const runs = new Map<string, number[]>();
  const does: World["does"] = new Map();
  const events: string[] = [];
  const changes: string[] = [];
  const execSync = async ({ cmd = [] }: { readonly cmd?: readonly string[] }) => {
    const name = cmd[0]!;
    const atMs = clock.monotonicMs();
    runs.set(name, [...(runs.get(name) ?? []), atMs]);
    const exitCode = does.get(name)?.(atMs) ?? 0;
    if (exitCode === "never") throw new CriError("Unavailable", "no runtime");
    return { exitCode, stdout: Buffer.from(name), stderr: Buffer.alloc(0) };
  };
  const recorder = { event: (_: unknown, { message }: { readonly message: string }) => void events.push(message) };
  const metrics = new MetricsRegistry();
  const manager = createProbeManager(
    { runtime: { execSync }, clock, random: new SeededRandom(1), logger: silentLogger, recorder, metrics },
    stop.signal,
  );
  using _ = manager.onChange((uid) => changes.push(uid));
  const run = (pod: Pod, id = "id1"): void =>
    manager.update(pod, ["127.0.0.1"], new Map([["c", { id, startedAtMs: clock.now() }]]));
  await use({ clock, manager, runs, does, events, changes, metrics, run, pass: (ms) => clock.advance(ms) });
  stop.abort();
  await clock.settle();
  assert.equal(clock.pendingTimers, 0, "no timer outlives the manager");
}

const exec = (name: string, rest: object = {}): object => ({
  exec: { command: [name] },
  failureThreshold: 3,
  periodSeconds: 10,
  successThreshold: 1,
  timeoutSeconds: 1,
  ...rest,
});
const podOf = (probes: object, metadata: object = {}): Pod =>
  ({
    metadata: { uid: "u", name: "p", namespace: "n", ...metadata },
    spec: { containers: [{ name: "c", ...probes }] },
  }) as unknown as Pod;

test("a readiness probe that succeeds is known at once", () =>
  inWorld(async ({ manager, run, changes, pass, runs }) => {
    run(podOf({ readinessProbe: exec("r") }));
    assert.deepEqual(manager.results("id1"), {});
    await pass(0);
    assert.deepEqual(manager.results("id1"), { ready: true });
    assert.deepEqual(changes, ["u"]);
    await pass(20_000);
    assert.deepEqual(runs.get("r"), [0, 10_000, 20_000]);
    assert.deepEqual(changes, ["u"], "only changes are told");
  }));

test("a container that needs a moment is ready a moment later, and nobody hears of the looks in vain", () =>
  inWorld(async ({ manager, run, does, events, pass }) => {
    does.set("r", (atMs) => (atMs < 250 ? 1 : 0));
    run(podOf({ readinessProbe: exec("r", { failureThreshold: 1 }) }));
    await pass(400);
    assert.deepEqual(manager.results("id1"), { ready: true });
    assert.deepEqual(events, []);
  }));

test("failures count from the first period's end on", () =>
  inWorld(async ({ manager, run, does, events, pass, runs }) => {
    does.set("r", () => 1);
    run(podOf({ readinessProbe: exec("r") }));
    await pass(29_999);
    assert.deepEqual(manager.results("id1"), {});
    assert.equal(events.length, 2);
    await pass(1);
    assert.deepEqual(manager.results("id1"), { ready: false });
    assert.deepEqual(events, Array(3).fill("Readiness probe failed: r"));
    assert.deepEqual(
      runs.get("r")?.filter((atMs) => atMs >= 1000),
      [10_000, 20_000, 30_000],
    );
    does.set("r", () => 0);
    await pass(10_000);
    assert.deepEqual(manager.results("id1"), { ready: true });
  }));

test("a liveness probe that fails often enough ends the container, and probes no more", () =>
  inWorld(async ({ manager, run, does, events, pass, runs }) => {
    does.set("l", (atMs) => (atMs > 15_000 ? 1 : 0));
    run(podOf({ livenessProbe: exec("l") }));
    await pass(39_999);
    assert.deepEqual(manager.results("id1"), { alive: true });
    await pass(60_000);
    assert.deepEqual(manager.results("id1"), { alive: false, failure: "Liveness probe failed: l" });
    assert.deepEqual(runs.get("l"), [10_000, 20_000, 30_000, 40_000]);
    assert.equal(events.length, 3);
    does.set("l", () => 0);
    run(podOf({ livenessProbe: exec("l") }), "id2");
    assert.deepEqual(manager.results("id1"), {});
    await pass(10_000);
    assert.deepEqual(manager.results("id2"), { alive: true });
  }));

test("readiness and liveness wait for startup's success", () =>
  inWorld(async ({ manager, run, does, pass, runs }) => {
    does.set("s", (atMs) => (atMs < 20_000 ? 1 : 0));
    run(
      podOf({
        startupProbe: exec("s"),
        readinessProbe: exec("r"),
        livenessProbe: exec("l", { initialDelaySeconds: 5 }),
      }),
    );
    await pass(19_999);
    assert.equal(runs.get("r"), undefined);
    assert.deepEqual(manager.results("id1"), {});
    await pass(1);
    assert.deepEqual(manager.results("id1"), { started: true, ready: true, alive: true });
    await pass(30_000);
    assert.equal(runs.get("s")?.at(-1), 20_000, "startup is not probed again");
  }));

test("a container that never starts is ended after failureThreshold × periodSeconds", () =>
  inWorld(async ({ manager, run, does, pass }) => {
    does.set("s", () => 1);
    run(podOf({ startupProbe: exec("s", { periodSeconds: 1 }) }));
    await pass(2999);
    assert.deepEqual(manager.results("id1"), {});
    await pass(1);
    assert.deepEqual(manager.results("id1"), { started: false, alive: false, failure: "Startup probe failed: s" });
  }));

test("probes are counted by their results for as long as there is something to probe", () =>
  inWorld(async ({ run, does, pass, metrics, manager }) => {
    run(podOf({ readinessProbe: exec("r") }));
    await pass(10_000);
    does.set("r", () => 1);
    await pass(10_000);
    const text = metrics.render();
    const labels = (result: string): string =>
      `{container="c",namespace="n",pod="p",pod_uid="u",probe_type="Readiness",result="${result}"}`;
    assert.ok(text.includes(`prober_probe_total${labels("successful")} 2\n`), text);
    assert.ok(text.includes(`prober_probe_total${labels("failed")} 1\n`), text);
    manager.remove("u");
    assert.doesNotMatch(metrics.render(), /pod="p"/);
  }));

test("initialDelaySeconds come before the first probe", () =>
  inWorld(async ({ run, pass, runs }) => {
    run(
      podOf({
        readinessProbe: exec("r", { initialDelaySeconds: 7 }),
        livenessProbe: exec("l", { initialDelaySeconds: 3 }),
      }),
    );
    await pass(10_000);
    assert.deepEqual(runs.get("r"), [7000]);
    assert.deepEqual(runs.get("l"), [3000]);
  }));

test("a probe that cannot be made is told and changes nothing", () =>
  inWorld(async ({ manager, run, does, pass, events, runs }) => {
    run(podOf({ readinessProbe: exec("r", { failureThreshold: 1 }) }));
    await pass(0);
    does.set("r", () => "never");
    await pass(10_000);
    assert.deepEqual(manager.results("id1"), { ready: true });
    assert.equal(runs.get("r")?.length, 4, "tried three times");
    const error = "rpc error: code = Unavailable desc = no runtime";
    assert.deepEqual(events, [`Readiness probe errored and resulted in unknown state: ${error}`]);
  }));

test("a pod that goes is probed for readiness alone, and one that is gone not at all", () =>
  inWorld(async ({ manager, run, pass, runs }) => {
    const probes = { readinessProbe: exec("r"), livenessProbe: exec("l") };
    run(podOf(probes));
    await pass(15_000);
    run(podOf(probes, { deletionTimestamp: "2026-01-01T00:00:15Z" }));
    await pass(10_000);
    assert.deepEqual(runs.get("l"), [10_000]);
    assert.deepEqual(runs.get("r"), [0, 10_000, 20_000]);
    manager.remove("u");
    await pass(60_000);
    assert.equal(runs.get("r")?.length, 3);
  }));

test("after a restart of the kubelet, probes of what runs are spread over their period", () =>
  inWorld(async ({ clock, manager, pass, runs }) => {
    const running = new Map([["c", { id: "id1", startedAtMs: clock.now() - 60_000 }]]);
    manager.update(podOf({ readinessProbe: exec("r") }), ["127.0.0.1"], running);
    await pass(10_000);
    const [first = 0] = runs.get("r") ?? [];
    assert.ok(first > 0 && first < 10_000, String(first));
  }));

test("a verdict needs as many results in a row as its threshold, and no more", () => {
  const outcomes = fc.array(fc.boolean(), { maxLength: 30 });
  const threshold = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(outcomes, threshold, threshold, (results, failureThreshold, successThreshold) => {
      const probe = { failureThreshold, successThreshold, periodSeconds: 1, timeoutSeconds: 1 };
      let run = noRun;
      for (const [i, isGood] of results.entries()) {
        run = tally(run, isGood ? success("") : failure(""));
        const needed = isGood ? successThreshold : failureThreshold;
        const recent = results.slice(Math.max(0, i + 1 - needed), i + 1);
        const isReached = recent.length === needed && recent.every((each) => each === isGood);
        assert.equal(verdictOf(run, probe), isReached ? (isGood ? "success" : "failure") : undefined);
      }
    }),
  );
});

test("looks in vain stay within the first second", () =>
  inWorld(async ({ run, does, pass, runs }) => {
    does.set("r", () => 1);
    run(podOf({ readinessProbe: exec("r") }));
    await pass(9999);
    const looks = runs.get("r") ?? [];
    assert.ok(looks.length > 2 && looks.length < 10 && looks.every((atMs) => atMs <= eagerMs), String(looks));
  }));
