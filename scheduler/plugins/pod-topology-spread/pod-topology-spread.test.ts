import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { podInfo } from "../../cache/pod-info.ts";
import { nodeOf, podOf } from "../../testing/objects.ts";
import { allPlugins, cacheOf, decisionOn, scores, verdicts } from "../../testing/subject.ts";
import { podTopologySpread } from "./pod-topology-spread.ts";

const zoneKey = "topology.kubernetes.io/zone";
const hostKey = "kubernetes.io/hostname";
const zoned = (name: string, zone: string, more: object = {}) =>
  nodeOf(name, { labels: { [zoneKey]: zone, [hostKey]: name }, ...more });
const nodes = [zoned("a1", "a"), zoned("a2", "a"), zoned("b1", "b"), nodeOf("bare")];
const web = { app: "web" };
const constraint = (fields: object = {}) => ({
  maxSkew: 1,
  topologyKey: zoneKey,
  whenUnsatisfiable: "DoNotSchedule",
  labelSelector: { matchLabels: web },
  ...fields,
});
const wanting = (...topologySpreadConstraints: object[]) =>
  podOf("p", { labels: web, spec: { topologySpreadConstraints } });
const placed = (name: string, nodeName: string, labels: Record<string, string> = web, namespace = "default") =>
  podOf(name, { labels, namespace, spec: { nodeName } });

const uneven = "node(s) didn't match pod topology spread constraints";
const unlabelled = "node(s) didn't match pod topology spread constraints (missing required label)";
/** Of a1, a2, b1 and the one without a zone. */
function listed(pod: ReturnType<typeof wanting>, cache: ReturnType<typeof cacheOf>): (string | undefined)[] {
  const found = verdicts(podTopologySpread, pod, cache) as Record<string, string>;
  return nodes.map(({ metadata }) => found[metadata.name ?? ""]);
}

describe("DoNotSchedule", () => {
  test("no domain may have too many more than another", () => {
    const cache = cacheOf(nodes, [placed("x", "a1")]);
    assert.deepEqual(listed(wanting(constraint()), cache), [uneven, uneven, "fits", unlabelled]);
    assert.deepEqual(listed(wanting(constraint({ maxSkew: 2 })), cache), ["fits", "fits", "fits", unlabelled]);
  });
  test("only pods of the namespace that the selector selects, and that stay, count", () => {
    const leaving = placed("y", "a1");
    const cache = cacheOf(nodes, [
      placed("x", "a1", { app: "db" }),
      placed("z", "a2", web, "other"),
      { ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } },
    ]);
    assert.deepEqual(listed(wanting(constraint()), cache), ["fits", "fits", "fits", unlabelled]);
  });
  test("fewer domains than minDomains: those that are missing have none", () => {
    const cache = cacheOf(nodes, [placed("x", "a1"), placed("y", "b1")]);
    assert.deepEqual(listed(wanting(constraint()), cache), ["fits", "fits", "fits", unlabelled]);
    assert.deepEqual(listed(wanting(constraint({ minDomains: 3 })), cache), [uneven, uneven, uneven, unlabelled]);
  });
  test("nodes that the pod cannot use count for nothing, tainted ones only if that is asked for", () => {
    const tainted = [...nodes.slice(0, 2), zoned("b1", "b", { taints: [{ key: "t", effect: "NoSchedule" }] })];
    const cache = cacheOf(tainted, [placed("x", "a1")]);
    const verdictOf = (fields: object) =>
      (verdicts(podTopologySpread, wanting(constraint(fields)), cache) as Record<string, string>)["a1"];
    assert.equal(verdictOf({}), uneven);
    assert.equal(verdictOf({ nodeTaintsPolicy: "Honor" }), "fits");
    const picky = podOf("p", {
      labels: web,
      spec: { nodeSelector: { [zoneKey]: "a" }, topologySpreadConstraints: [constraint()] },
    });
    assert.equal((verdicts(podTopologySpread, picky, cache) as Record<string, string>)["a1"], "fits");
    const strict = podOf("p", {
      labels: web,
      spec: {
        nodeSelector: { [zoneKey]: "a" },
        topologySpreadConstraints: [constraint({ nodeAffinityPolicy: "Ignore" })],
      },
    });
    assert.equal((verdicts(podTopologySpread, strict, cache) as Record<string, string>)["a1"], uneven);
  });
  test("matchLabelKeys count only the pod's own revision", () => {
    const cache = cacheOf(nodes, [placed("x", "a1", { ...web, revision: "1" })]);
    const next = podOf("p", {
      labels: { ...web, revision: "2" },
      spec: { topologySpreadConstraints: [constraint({ matchLabelKeys: ["revision"] })] },
    });
    assert.deepEqual(listed(next, cache), ["fits", "fits", "fits", unlabelled]);
  });
});

test("ScheduleAnyway: emptier domains score more, nodes without the label nothing", () => {
  const cache = cacheOf(nodes, [placed("x", "a1"), placed("y", "a2")]);
  const pod = wanting(constraint({ whenUnsatisfiable: "ScheduleAnyway" }));
  assert.deepEqual(verdicts(podTopologySpread, pod, cache), { a1: "fits", b1: "fits", bare: "fits", a2: "fits" });
  assert.deepEqual(scores(podTopologySpread, pod, cache), { a1: 0, a2: 0, b1: 100, bare: 0 });
});

test("by default what has a Service or a controller is spread over zones and nodes", () => {
  const siblings = () => ({
    key: "app=web",
    matches: (labels: Readonly<Record<string, string>> | undefined) => labels?.["app"] === "web",
  });
  const cache = cacheOf(nodes.slice(0, 3), [placed("x", "a1"), placed("y", "a1")], { siblings });
  const found = scores(podTopologySpread, podOf("p", { labels: web }), cache)!;
  assert.ok(found["b1"]! > found["a2"]! && found["a2"]! > found["a1"]!, JSON.stringify(found));
  assert.equal(scores(podTopologySpread, podOf("p", { labels: web }), cacheOf(nodes)), undefined);
});

test("pods that count, and nodes that make domains, let a pod go", () => {
  const hint = podTopologySpread.interests[0]!.hint!;
  const info = podInfo(wanting(constraint()));
  const gone = (pod: ReturnType<typeof placed>) => ({ kind: "Pod", event: "AssignedPodDelete", old: pod }) as const;
  assert.equal(hint(info, gone(placed("x", "a1"))), true);
  assert.equal(hint(info, gone(placed("x", "a1", { app: "db" }))), false);
  assert.equal(hint(info, gone(placed("x", "a1", web, "other"))), false);
  const nodeHint = podTopologySpread.interests[1]!.hint!;
  assert.equal(nodeHint(info, { kind: "Node", event: "NodeAdd", node: zoned("c1", "c") }), true);
  assert.equal(nodeHint(info, { kind: "Node", event: "NodeAdd", node: nodeOf("bare") }), false);
});

test("whatever the zones: pods placed one after the other never differ by more than maxSkew", () => {
  const zones = fc.array(fc.nat(3), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(zones, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 20 }), (of, maxSkew, count) => {
      const cache = cacheOf(of.map((zone, i) => zoned(`n${i}`, `z${zone}`)));
      const perZone = new Map<string, number>(of.map((zone) => [`z${zone}`, 0]));
      for (let i = 0; i < count; i++) {
        const pod = podOf(`p${i}`, { labels: web, spec: { topologySpreadConstraints: [constraint({ maxSkew })] } });
        const decision = decisionOn(pod, cache, allPlugins, i);
        assert.equal(decision.type, "place");
        if (decision.type !== "place") return;
        cache.assume(podInfo(pod), decision.node.name);
        const zone = decision.node.labels[zoneKey]!;
        perZone.set(zone, perZone.get(zone)! + 1);
        assert.ok(Math.max(...perZone.values()) - Math.min(...perZone.values()) <= maxSkew);
      }
    }),
  );
});
