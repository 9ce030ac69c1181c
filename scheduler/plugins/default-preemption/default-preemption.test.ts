import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PodDisruptionBudget } from "../../../api/generated/types/policy-v1.ts";
import { SeededRandom } from "../../../base/mod.ts";
import type { Cache } from "../../cache/cache.ts";
import { podInfo } from "../../cache/pod-info.ts";
import { Nominations } from "../../framework/nominations.ts";
import { postFilter } from "../../framework/post-filter.ts";
import { nodeOf, podOf } from "../../testing/objects.ts";
import { allPlugins, cacheOf, decisionOn } from "../../testing/subject.ts";
import { defaultPreemption } from "./default-preemption.ts";

interface Small {
  readonly cpu: string;
  readonly priority?: number;
  readonly labels?: Record<string, string>;
  readonly spec?: object;
  readonly status?: object;
}

const pod = (name: string, { cpu, priority = 0, labels = {}, spec = {}, status = {} }: Small, nodeName?: string) =>
  podOf(name, {
    requests: { cpu },
    labels,
    status,
    spec: { priority, ...spec, ...(nodeName === undefined ? {} : { nodeName }) },
  });

/** What is made of a pod that fits nowhere: `node: victims`, or why there is no room to make. */
function outcome(one: ReturnType<typeof pod>, cache: Cache): string {
  const decision = decisionOn(one, cache);
  assert.equal(decision.type, "reject");
  if (decision.type !== "reject") return "";
  const info = podInfo(one);
  const input = { info, snapshot: cache, nominations: new Nominations(), random: new SeededRandom(1), ...decision };
  const { message, nominatedNodeName, victims } = postFilter([defaultPreemption], input);
  if (message !== "") return message;
  return `${nominatedNodeName}: ${victims.map((victim) => victim.pod.metadata.name).join()}`;
}

test("as few as possible go, the least important", () => {
  const cache = cacheOf(
    [nodeOf("a")],
    [
      pod("x", { cpu: "1", priority: 3 }, "a"),
      pod("y", { cpu: "1", priority: 1 }, "a"),
      pod("z", { cpu: "2", priority: 2 }, "a"),
    ],
  );
  assert.equal(outcome(pod("new", { cpu: "1", priority: 9 }), cache), "a: y");
  assert.equal(outcome(pod("new", { cpu: "2", priority: 9 }), cache), "a: z");
  assert.equal(outcome(pod("new", { cpu: "3", priority: 9 }), cache), "a: z,y");
  assert.equal(outcome(pod("new", { cpu: "1", priority: 2 }), cache), "a: y");
});

test("of several nodes the one where the least important would go", () => {
  const cache = cacheOf(
    [nodeOf("a"), nodeOf("b"), nodeOf("c")],
    [
      pod("x", { cpu: "4", priority: 3 }, "a"),
      pod("y", { cpu: "4", priority: 1 }, "b"),
      pod("z1", { cpu: "2", priority: 1 }, "c"),
      pod("z2", { cpu: "2", priority: 1 }, "c"),
    ],
  );
  assert.equal(outcome(pod("new", { cpu: "4", priority: 9 }), cache), "b: y");
  assert.match(outcome(pod("new", { cpu: "2", priority: 9 }), cache), /^(b: y|c: z[12])$/);
});

test("pods that a budget keeps go last, and such a node is chosen last", () => {
  const budget = {
    metadata: { name: "b", namespace: "default" },
    spec: { selector: { matchLabels: { app: "kept" } } },
    status: { disruptionsAllowed: 0 },
  } as unknown as PodDisruptionBudget;
  const sources = { disruptionBudgets: () => [budget] };
  const kept = { app: "kept" };
  const one = cacheOf(
    [nodeOf("a")],
    [pod("x", { cpu: "2", priority: 1, labels: kept }, "a"), pod("y", { cpu: "2", priority: 5 }, "a")],
    sources,
  );
  assert.equal(outcome(pod("new", { cpu: "2", priority: 9 }), one), "a: y");
  const two = cacheOf(
    [nodeOf("a"), nodeOf("b")],
    [pod("x", { cpu: "4", priority: 1, labels: kept }, "a"), pod("y", { cpu: "4", priority: 5 }, "b")],
    sources,
  );
  assert.equal(outcome(pod("new", { cpu: "2", priority: 9 }), two), "b: y");
});

test("says why no room can be made, by node", () => {
  const cache = cacheOf(
    [nodeOf("a"), nodeOf("b"), nodeOf("c", { unschedulable: true })],
    [
      pod("x", { cpu: "3", priority: 5 }, "a"),
      pod("y", { cpu: "3" }, "b"),
      pod("z", { cpu: "2", priority: 5 }, "b"),
    ].slice(0, 2),
  );
  assert.equal(
    outcome(pod("new", { cpu: "2", priority: 0 }), cache),
    "preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.",
  );
  const never = pod("new", { cpu: "2", priority: 9, spec: { preemptionPolicy: "Never" } });
  assert.equal(outcome(never, cache), "preemption: not eligible due to preemptionPolicy=Never.");
  assert.equal(
    outcome(pod("new", { cpu: "5", priority: 9 }), cache),
    "preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
  );
});

test("a pod whose victims are still ending asks for no more", () => {
  const conditions = [{ type: "DisruptionTarget", status: "True", reason: "PreemptionByScheduler" }];
  const victim = pod("victim", { cpu: "3", status: { conditions } }, "a");
  const ending = { ...victim, metadata: { ...victim.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } };
  const cache = cacheOf([nodeOf("a"), nodeOf("b")], [ending, pod("other", { cpu: "3" }, "b")]);
  const waiting = pod("new", { cpu: "3", priority: 9, status: { nominatedNodeName: "a" } });
  assert.equal(outcome(waiting, cache), "preemption: not eligible due to a terminating pod on the nominated node.");
});

test("a pod kept out by others' anti-affinity takes their place", () => {
  const requiredDuringSchedulingIgnoredDuringExecution = [
    { labelSelector: { matchLabels: { app: "web" } }, topologyKey: "host" },
  ];
  const loner = pod(
    "loner",
    { cpu: "1", spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } } },
    "a",
  );
  const cache = cacheOf([nodeOf("a", { labels: { host: "a" } })], [loner, pod("bystander", { cpu: "1" }, "a")]);
  assert.equal(outcome(pod("new", { cpu: "1", priority: 9, labels: { app: "web" } }), cache), "a: loner");
});

test("whatever is there: victims are less important, without them the pod fits, and with any one of them it does not", () => {
  const small = fc.record({ cpu: fc.integer({ min: 1, max: 3 }), priority: fc.nat(5), node: fc.nat(2) });
  fc.assert(
    fc.property(
      fc.array(small, { maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(6),
      (others, cpu, priority) => {
        const nodes = ["n0", "n1", "n2"].map((name) => nodeOf(name));
        const placed = others.map((one, i) =>
          pod(`p${i}`, { cpu: String(one.cpu), priority: one.priority }, `n${one.node}`),
        );
        const cache = cacheOf(nodes, placed);
        const wanted = pod("new", { cpu: String(cpu), priority });
        const decision = decisionOn(wanted, cache);
        if (decision.type !== "reject") return;
        const input = {
          info: podInfo(wanted),
          snapshot: cache,
          nominations: new Nominations(),
          random: new SeededRandom(1),
          ...decision,
        };
        const result = defaultPreemption.postFilter!(input);
        // The what-if has left no trace.
        assert.deepEqual(decisionOn(wanted, cache).type, "reject");
        const fitsWithout = (gone: readonly string[]): boolean => {
          const left = placed.filter(({ metadata }) => !gone.includes(metadata.name!));
          const again = decisionOn(wanted, cacheOf(nodes, left), { filters: allPlugins.filters, scores: [] });
          return again.type === "place";
        };
        if (result.type === "none") {
          const lesser = placed
            .filter(({ spec }) => (spec.priority ?? 0) < priority)
            .map(({ metadata }) => metadata.name!);
          assert.ok(!fitsWithout(lesser));
          return;
        }
        const victims = result.victims.map((one) => one.pod.metadata.name!);
        assert.ok(victims.length > 0 && result.victims.every((one) => one.priority < priority));
        assert.ok(fitsWithout(victims));
        for (const spared of victims) assert.ok(!fitsWithout(victims.filter((name) => name !== spared)));
      },
    ),
    { numRuns: 500 },
  );
});
