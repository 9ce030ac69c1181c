import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SeededRandom } from "../../base/mod.ts";
import { podInfo } from "../cache/pod-info.ts";
import { nodeOf, podOf } from "../testing/objects.ts";
import { allPlugins, cacheOf, decisionOn, fateOf } from "../testing/subject.ts";
import { decide } from "./decide.ts";
import { enoughNodes } from "./enough-nodes.ts";
import { fitMessage, truncateNote } from "./fit-message.ts";
import { Nominations } from "./nominations.ts";

test("reasons are counted by node and sorted as text", () => {
  const cache = cacheOf([
    ...Array.from({ length: 10 }, (_, i) =>
      nodeOf(`small-${i}`, { allocatable: { cpu: "1", memory: "1Gi", pods: "110" } }),
    ),
    nodeOf("cordoned-1", { unschedulable: true }),
    nodeOf("cordoned-2", { unschedulable: true }),
    nodeOf("tainted", { taints: [{ key: "a", effect: "NoSchedule" }] }),
  ]);
  assert.equal(
    fateOf(podOf("p", { requests: { cpu: "2", memory: "2Gi" } }), cache),
    "0/13 nodes are available: 1 node(s) had untolerated taint(s), 10 Insufficient cpu, 10 Insufficient memory, 2 node(s) were unschedulable.",
  );
});

test("what was refused before any node was looked at is said once", () => {
  const matchFields = ["a", "b"].map((name) => ({ key: "metadata.name", operator: "In", values: [name] }));
  const requiredDuringSchedulingIgnoredDuringExecution = { nodeSelectorTerms: [{ matchFields }] };
  const pod = podOf("p", { spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution } } } });
  assert.equal(
    fateOf(pod, cacheOf([nodeOf("a"), nodeOf("b")])),
    "0/2 nodes are available: pod affinity terms conflict.",
  );
});

test("messages end with what making room has come to", () => {
  const rejections = new Map([["a", { plugin: "X", reasons: ["Insufficient cpu"], unresolvable: false }]]);
  assert.equal(
    fitMessage({
      totalNodes: 1,
      rejections,
      postFilterMessage: "preemption: not eligible due to preemptionPolicy=Never.",
    }),
    "0/1 nodes are available: 1 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never.",
  );
  assert.equal(truncateNote("x".repeat(1024)).length, 1024);
  assert.equal(truncateNote("x".repeat(1025)), `${"x".repeat(1020)} ...`);
});

test("how many nodes are enough falls from all to a twentieth", () => {
  assert.deepEqual([5, 99, 100, 1_000, 5_000, 10_000].map(enoughNodes), [5, 99, 100, 420, 500, 500]);
});

test("the next pod begins where this one's search ended, so that all nodes have their turn", () => {
  const cache = cacheOf(Array.from({ length: 1_000 }, (_, i) => nodeOf(`n${i}`)));
  const input = {
    info: podInfo(podOf("p")),
    snapshot: cache,
    profile: allPlugins,
    random: new SeededRandom(1),
    nominations: new Nominations(),
  };
  assert.equal(decide({ ...input, startIndex: 0 }).startIndex, 420);
  assert.equal(decide({ ...input, startIndex: 840 }).startIndex, 260);
});

test("room that is kept for a more important pod is not given away; the pod itself may have it", () => {
  const cache = cacheOf([nodeOf("a")]);
  const nominations = new Nominations();
  const important = podInfo(podOf("important", { requests: { cpu: "3" }, spec: { priority: 10 } }));
  nominations.set(important, "a");
  const ask = (name: string, priority: number) => {
    const info = podInfo(podOf(name, { requests: { cpu: "2" }, spec: { priority } }));
    return decide({
      info,
      snapshot: cache,
      profile: allPlugins,
      startIndex: 0,
      random: new SeededRandom(1),
      nominations,
    }).type;
  };
  assert.deepEqual(
    [ask("lesser", 1), ask("equal", 10), ask("greater", 11), ask("important", 10)],
    ["reject", "reject", "place", "place"],
  );
  nominations.delete(important.uid);
  assert.equal(ask("lesser", 1), "place");
});

const amount = fc.integer({ min: 0, max: 8 }).map(String);
const nodeFields = fc.record({
  cpu: amount,
  memory: amount,
  pods: amount,
  tainted: fc.boolean(),
  cordoned: fc.boolean(),
  zone: fc.nat(2),
});
const podFields = fc.record({
  cpu: amount,
  memory: amount,
  tolerant: fc.boolean(),
  zone: fc.option(fc.nat(2)),
  port: fc.option(fc.nat(2)),
});
const world = fc.record({
  nodes: fc.array(nodeFields, { maxLength: 6 }),
  pods: fc.array(podFields, { maxLength: 15 }),
});

function nodesOf(fields: readonly (typeof nodeFields extends fc.Arbitrary<infer T> ? T : never)[]) {
  return fields.map(({ cpu, memory, pods, tainted, cordoned, zone }, i) =>
    nodeOf(`n${i}`, {
      allocatable: { cpu, memory, pods },
      taints: tainted ? [{ key: "t", effect: "NoSchedule" }] : [],
      unschedulable: cordoned,
      labels: { zone: String(zone) },
    }),
  );
}

function podFrom(
  { cpu, memory, tolerant, zone, port }: typeof podFields extends fc.Arbitrary<infer T> ? T : never,
  i: number,
) {
  const ports = port === null ? [] : [{ containerPort: 1, hostPort: 1000 + port, protocol: "TCP" }];
  return podOf(`p${i}`, {
    spec: {
      containers: [{ name: "main", image: "app", resources: { requests: { cpu, memory } }, ports }],
      tolerations: tolerant ? [{ operator: "Exists" }] : [],
      ...(zone === null ? {} : { nodeSelector: { zone: String(zone) } }),
    },
  });
}

test("whatever the cluster: no pod is put where it does not fit, none is refused that fits somewhere", () => {
  fc.assert(
    fc.property(world, ({ nodes, pods }) => {
      const cache = cacheOf(nodesOf(nodes));
      for (const [i, fields] of pods.entries()) {
        const pod = podFrom(fields, i);
        const info = podInfo(pod);
        const allowed = cache.nodes
          .filter((node) => {
            const wanted = nodes[Number(node.name.slice(1))]!;
            const mine = [...node.pods.values()];
            const used = (key: "cpu" | "memory") =>
              mine.reduce((sum, one) => sum + Number(pods[Number(one.pod.metadata.name!.slice(1))]![key]), 0);
            return (
              (fields.tolerant || !(wanted.tainted || wanted.cordoned)) &&
              (fields.zone === null || fields.zone === wanted.zone) &&
              mine.length < Number(wanted.pods) &&
              (fields.cpu === "0" || used("cpu") + Number(fields.cpu) <= Number(wanted.cpu)) &&
              (fields.memory === "0" || used("memory") + Number(fields.memory) <= Number(wanted.memory)) &&
              (fields.port === null ||
                !mine.some((one) => pods[Number(one.pod.metadata.name!.slice(1))]!.port === fields.port))
            );
          })
          .map(({ name }) => name);
        const decision = decisionOn(pod, cache, allPlugins, i);
        if (decision.type === "place") {
          assert.ok(allowed.includes(decision.node.name));
          cache.assume(info, decision.node.name);
        } else assert.deepEqual(allowed, []);
      }
    }),
    { numRuns: 500 },
  );
});

test("the order of nodes does not matter where one scores best", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
      fc.nat(),
      (sizes, seed) => {
        const nodes = sizes.map((size) =>
          nodeOf(`n${size}`, { allocatable: { cpu: String(size), memory: `${size}Gi`, pods: "10" } }),
        );
        const pod = podOf("p", { requests: { cpu: "500m", memory: "512Mi" } });
        const forward = decisionOn(pod, cacheOf(nodes), allPlugins, seed);
        const backward = decisionOn(pod, cacheOf(nodes.toReversed()), allPlugins, seed + 1);
        assert.ok(forward.type === "place" && backward.type === "place");
        const left = (size: number) => Math.trunc(100 * (1 - 0.5 / size));
        const best = Math.max(...sizes.map(left));
        if (sizes.filter((size) => left(size) === best).length === 1)
          assert.equal(forward.node.name, backward.node.name);
      },
    ),
  );
});
