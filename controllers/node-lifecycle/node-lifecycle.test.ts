import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Lease } from "../../api/coordination/v1/lease.ts";
import type { Node } from "../../api/core/v1/node.ts";
import { formatMicroTime, formatTime } from "../../apimachinery/time/time.ts";
import { type Observed, plan, summarize } from "./plan.ts";
import { type Eviction, notReady, taintsFor, unreachable } from "./taints.ts";
import { Vitals } from "./vitals.ts";
import { evictionRateOf } from "./zones.ts";

const now = Date.parse("2026-01-01T01:00:00Z");

interface Shape {
  readonly ready?: string | undefined;
  readonly taints?: readonly string[];
  readonly zone?: string;
  readonly cordoned?: boolean;
  readonly pressure?: boolean;
}

const node = (name: string, { ready, taints = [], zone = "", cordoned = false, pressure = false }: Shape = {}): Node =>
  ({
    metadata: {
      name,
      uid: name,
      creationTimestamp: formatTime(now),
      labels: { "topology.kubernetes.io/zone": zone },
    },
    spec: {
      unschedulable: cordoned,
      taints: taints.map((text) => ({ key: text.split(":")[0], effect: text.split(":")[1] })),
    },
    status: {
      conditions: [
        ...(ready === undefined ? [] : [{ type: "Ready", status: ready, lastHeartbeatTime: formatTime(now) }]),
        ...(pressure ? [{ type: "MemoryPressure", status: "True" }] : []),
      ],
    },
  }) as unknown as Node;

const lease = (renewedMs: number): Lease => ({ spec: { renewTime: formatMicroTime(renewedMs) } }) as unknown as Lease;

const own = fc.subarray([
  `${notReady}:NoExecute`,
  `${unreachable}:NoExecute`,
  `${notReady}:NoSchedule`,
  `${unreachable}:NoSchedule`,
  "node.kubernetes.io/memory-pressure:NoSchedule",
  "node.kubernetes.io/unschedulable:NoSchedule",
  "example.com/own:NoExecute",
  "example.com/own:NoSchedule",
]);

test("laws of taints: others' stay, a ready node has none that evicts, not-ready and unreachable exclude each other, once is enough", () => {
  fc.assert(
    fc.property(
      own,
      fc.constantFrom(undefined, "True", "False", "Unknown"),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom<Eviction>("add", "swap", "remove"),
      (taints, ready, cordoned, pressure, eviction) => {
        const subject = node("n", { taints, ready, cordoned, pressure });
        const next = taintsFor(subject, eviction, now) ?? subject.spec.taints ?? [];
        const texts = next.map(({ key, effect }) => `${key}:${effect}`);
        for (const text of taints.filter((one) => one.startsWith("example.com"))) assert.ok(texts.includes(text));
        const evicting = texts.filter((text) => text.endsWith("NoExecute") && !text.startsWith("example.com"));
        if (ready === "True" || eviction === "remove") assert.deepEqual(evicting, []);
        if (ready !== undefined) assert.ok(evicting.length <= 1);
        if (eviction === "add" && ready === "Unknown") assert.deepEqual(evicting, [`${unreachable}:NoExecute`]);
        assert.equal(texts.includes("node.kubernetes.io/unschedulable:NoSchedule"), cordoned);
        assert.equal(texts.includes("node.kubernetes.io/memory-pressure:NoSchedule"), pressure);
        assert.equal(new Set(texts).size, texts.length);
        const after = { ...subject, spec: { ...subject.spec, taints: next } };
        assert.equal(taintsFor(after, eviction, now), undefined);
      },
    ),
  );
});

test("eviction slows down where much of a zone is down, and ends where all is", () => {
  const of = (zone: string, ready: number, down: number) => [
    ...Array.from({ length: ready }, (_, i) => node(`${zone}r${i}`, { ready: "True", zone })),
    ...Array.from({ length: down }, (_, i) => node(`${zone}d${i}`, { ready: "Unknown", zone })),
  ];
  assert.equal(evictionRateOf(":a", of("a", 8, 2)), 0.1);
  assert.equal(evictionRateOf(":a", of("a", 4, 6)), 0);
  assert.equal(evictionRateOf(":a", of("a", 20, 40)), 0.01);
  assert.equal(evictionRateOf(":a", [...of("a", 0, 6), ...of("b", 1, 0)]), 0.1);
  assert.equal(evictionRateOf(":a", [...of("a", 0, 6), ...of("b", 0, 1)]), "all down");
});

test("a sign of life is one that is new, and counts from when it was seen", () => {
  const vitals = new Vitals();
  const silent = node("n");
  assert.deepEqual(vitals.note(silent, undefined, now + 5_000), { first: true, aliveMs: now });
  assert.deepEqual(vitals.note(silent, lease(0), now + 6_000), { first: false, aliveMs: now + 6_000 });
  assert.equal(vitals.note(silent, lease(0), now + 9_000).aliveMs, now + 6_000);
  assert.equal(vitals.note(node("n", { ready: "True" }), lease(0), now + 12_000).aliveMs, now + 12_000);
  assert.equal(vitals.note(node("n", { ready: "True" }), lease(1), now + 20_000).aliveMs, now + 20_000);
  vitals.allDown(true, now + 80_000);
  vitals.allDown(false, now + 90_000);
  assert.equal(vitals.note(node("n", { ready: "True" }), lease(1), now + 95_000).aliveMs, now + 90_000);
});

test("a zone's nodes are evicted one after the other", () => {
  const vitals = new Vitals();
  assert.equal(vitals.takeTurn("a", 0.1, now), true);
  assert.equal(vitals.takeTurn("a", 0.1, now + 1_000), now + 10_000);
  assert.equal(vitals.takeTurn("b", 0.1, now + 1_000), true);
  assert.equal(vitals.takeTurn("a", 0.1, now + 10_000), true);
  assert.equal(vitals.takeTurn("a", 0, now + 90_000), undefined);
});

test("a node that never said a word has a minute, one that did 50 seconds", () => {
  const observed = (subject: Node, silentMs: number): Observed => ({
    node: subject,
    aliveMs: now - silentMs,
    first: false,
    eviction: "swap",
    pods: () => [],
    now,
  });
  const statusOf = (subject: Node, silentMs: number) =>
    (summarize(observed(subject, silentMs), []).status as Node["status"] | undefined)?.conditions?.[0]?.reason;
  assert.equal(statusOf(node("n"), 59_000), undefined);
  assert.equal(statusOf(node("n"), 60_001), "NodeStatusNeverUpdated");
  assert.equal(statusOf(node("n", { ready: "True" }), 50_000), undefined);
  assert.equal(statusOf(node("n", { ready: "True" }), 50_001), "NodeStatusUnknown");
  assert.deepEqual(plan(observed(node("n", { ready: "True" }), 0)), []);
});
