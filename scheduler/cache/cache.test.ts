import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { nodeOf, podOf } from "../testing/objects.ts";
import { cacheOf } from "../testing/subject.ts";
import { Cache } from "./cache.ts";
import { NodeInfo } from "./node-info.ts";
import { inZoneOrder } from "./node-order.ts";
import { podInfo } from "./pod-info.ts";

const on = (nodeName: string) => ({ spec: { nodeName } });

test("an assumed pod counts until it is forgotten, or for good once it is seen bound", () => {
  const cache = cacheOf([nodeOf("a")]);
  const info = podInfo(podOf("p", { requests: { cpu: "1" } }));
  cache.assume(info, "a");
  assert.deepEqual([cache.node("a")?.milliCpu, cache.isAssumed(info.uid)], [1000, true]);
  assert.throws(() => cache.assume(info, "a"), /is in the cache, so can't be assumed/);
  cache.forget(info.uid);
  assert.equal(cache.node("a")?.milliCpu, 0);
  cache.assume(info, "a");
  cache.setPod(podOf("p", { requests: { cpu: "1" }, ...on("a") }));
  cache.forget(info.uid);
  assert.deepEqual([cache.node("a")?.milliCpu, cache.size.assumed], [1000, 0]);
  cache.removePod(info.uid);
  assert.equal(cache.node("a")?.milliCpu, 0);
});

test("a pod that turns out to be bound elsewhere counts there alone", () => {
  const cache = cacheOf([nodeOf("a"), nodeOf("b")]);
  cache.assume(podInfo(podOf("p", { requests: { cpu: "1" } })), "a");
  cache.setPod(podOf("p", { requests: { cpu: "1" }, ...on("b") }));
  assert.deepEqual([cache.node("a")?.milliCpu, cache.node("b")?.milliCpu], [0, 1000]);
});

test("pods heard of before their node, or that outlive it, count when it comes", () => {
  const cache = cacheOf([], [podOf("p", { requests: { cpu: "1" }, ...on("a") })]);
  cache.setNode(nodeOf("a"));
  assert.equal(cache.node("a")?.milliCpu, 1000);
  cache.removeNode("a");
  assert.deepEqual([cache.nodes.length, cache.node("a")], [0, undefined]);
  cache.setNode(nodeOf("a"));
  assert.equal(cache.node("a")?.milliCpu, 1000);
});

test("nodes come from all zones in turn", () => {
  const zoned = (name: string, zone: string) =>
    new NodeInfo(nodeOf(name, { labels: { "topology.kubernetes.io/zone": zone } }));
  const nodes = [
    zoned("a1", "a"),
    zoned("a2", "a"),
    zoned("a3", "a"),
    zoned("b1", "b"),
    zoned("c1", "c"),
    zoned("c2", "c"),
  ];
  assert.deepEqual(
    inZoneOrder(nodes).map(({ name }) => name),
    ["a1", "b1", "c1", "a2", "c2", "a3"],
  );
});

test("a node's sums are those of its pods, whatever came and went, and sets are counted where they are", () => {
  const step = fc.oneof(
    fc.record({
      do: fc.constantFrom("set" as const, "assume" as const),
      pod: fc.nat(9),
      node: fc.nat(3),
      cpu: fc.integer({ min: 1, max: 9 }),
      app: fc.boolean(),
    }),
    fc.record({ do: fc.constantFrom("remove" as const, "forget" as const), pod: fc.nat(9) }),
    fc.record({ do: fc.constantFrom("node" as const, "no-node" as const), node: fc.nat(3), zone: fc.nat(1) }),
  );
  const app = {
    key: "app",
    matches: (labels: Readonly<Record<string, string>> | undefined) => labels?.["app"] === "yes",
  };
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const cache = new Cache();
      cache.setNode(nodeOf("n0"));
      for (const one of steps) {
        const counts = cache.counts("default", app);
        counts.byLabel("zone");
        if (one.do === "set" || one.do === "assume") {
          const labels = { app: one.app ? "yes" : "no" };
          const fields = { requests: { cpu: String(one.cpu), "example.com/x": "1" }, labels };
          if (one.do === "set") cache.setPod(podOf(`p${one.pod}`, { ...fields, ...on(`n${one.node}`) }));
          else if (!cache.has(`uid-p${one.pod}`)) cache.assume(podInfo(podOf(`p${one.pod}`, fields)), `n${one.node}`);
        } else if (one.do === "remove") cache.removePod(`uid-p${one.pod}`);
        else if (one.do === "forget") cache.forget(`uid-p${one.pod}`);
        else if (one.do === "node") cache.setNode(nodeOf(`n${one.node}`, { labels: { zone: `z${one.zone}` } }));
        else if (one.do === "no-node") cache.removeNode(`n${one.node}`);
        const zones = new Map<string, number>();
        for (const node of cache.nodes) {
          const pods = [...node.pods.values()];
          assert.equal(
            node.milliCpu,
            pods.reduce((sum, { requests }) => sum + requests.requested.milliCpu, 0),
          );
          assert.equal(node.scalars.get("example.com/x") ?? 0, pods.length);
          const matching = pods.filter(({ pod }) => app.matches(pod.metadata.labels)).length;
          assert.equal(cache.counts("default", app).on(node), matching);
          const zone = node.labels["zone"];
          if (zone !== undefined) zones.set(zone, (zones.get(zone) ?? 0) + matching);
        }
        const byZone = cache.counts("default", app).byLabel("zone");
        for (const [zone, count] of zones) assert.equal(byZone.get(zone) ?? 0, count);
      }
    }),
    { numRuns: 300 },
  );
});
