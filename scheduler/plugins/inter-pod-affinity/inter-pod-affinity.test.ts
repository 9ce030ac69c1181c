import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podInfo } from "../../cache/pod-info.ts";
import { nodeOf, podOf } from "../../testing/objects.ts";
import { cacheOf, scores, verdicts } from "../../testing/subject.ts";
import { interPodAffinity } from "./inter-pod-affinity.ts";

const nodes = [
  nodeOf("a1", { labels: { zone: "a", host: "a1" } }),
  nodeOf("a2", { labels: { zone: "a", host: "a2" } }),
  nodeOf("b1", { labels: { zone: "b", host: "b1" } }),
  nodeOf("bare"),
];
const term = (app: string, topologyKey: string, more: object = {}) => ({
  labelSelector: { matchLabels: { app } },
  topologyKey,
  ...more,
});
type Kind = "podAffinity" | "podAntiAffinity";
const requires = (kind: Kind, ...terms: object[]) => ({
  affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const prefers = (kind: Kind, weight: number, podAffinityTerm: object) => ({
  affinity: { [kind]: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm }] } },
});
const placed = (name: string, app: string, nodeName: string, spec: object = {}, namespace = "default") =>
  podOf(name, { labels: { app }, namespace, spec: { nodeName, ...spec } });

const unaffine = "node(s) didn't match pod affinity rules";
const antiAffine = "node(s) didn't match pod anti-affinity rules";
const othersAntiAffine = "node(s) didn't satisfy existing pods anti-affinity rules";

describe("required affinity", () => {
  const cache = cacheOf(nodes, [placed("db", "db", "a1")]);
  test("the topology of a matching pod, and only nodes that are of one", () => {
    assert.deepEqual(
      verdicts(interPodAffinity, podOf("p", { spec: requires("podAffinity", term("db", "zone")) }), cache),
      {
        a1: "fits",
        a2: "fits",
        b1: unaffine,
        bare: unaffine,
      },
    );
  });
  test("every term", () => {
    const spec = requires("podAffinity", term("db", "zone"), term("db", "host"));
    assert.deepEqual(Object.values(verdicts(interPodAffinity, podOf("p", { spec }), cache)), [
      "fits",
      unaffine,
      unaffine,
      unaffine,
    ]);
  });
  test("the first of a group that wants to be together goes anywhere of that topology", () => {
    const spec = requires("podAffinity", term("web", "zone"));
    const first = podOf("p", { labels: { app: "web" }, spec });
    assert.deepEqual(Object.values(verdicts(interPodAffinity, first, cache)), ["fits", "fits", "fits", unaffine]);
    const stranger = podOf("p", { labels: { app: "other" }, spec });
    assert.deepEqual(Object.values(verdicts(interPodAffinity, stranger, cache)), [
      unaffine,
      unaffine,
      unaffine,
      unaffine,
    ]);
  });
  test("pods of the own namespace, of those that are named, or of those that labels select", () => {
    const namespaceLabels = (namespace: string) => (namespace === "data" ? { team: "data" } : {});
    const elsewhere = cacheOf(nodes, [placed("db", "db", "a1", {}, "data")], { namespaceLabels });
    const first = (more: object) =>
      (
        verdicts(
          interPodAffinity,
          podOf("p", { spec: requires("podAffinity", term("db", "zone", more)) }),
          elsewhere,
        ) as Record<string, string>
      )["a1"];
    assert.equal(first({}), unaffine);
    assert.equal(first({ namespaces: ["data"] }), "fits");
    assert.equal(first({ namespaceSelector: { matchLabels: { team: "data" } } }), "fits");
    assert.equal(first({ namespaceSelector: { matchLabels: { team: "web" } } }), unaffine);
    assert.equal(first({ namespaceSelector: {} }), "fits");
  });
});

test("a selector that cannot be selects nothing", () => {
  const odd = {
    labelSelector: { matchExpressions: [{ key: "a b", operator: "In", values: ["x"] }] },
    topologyKey: "zone",
  };
  const cache = cacheOf(nodes, [placed("x", "x", "a1", requires("podAntiAffinity", odd))]);
  assert.deepEqual(new Set(Object.values(verdicts(interPodAffinity, podOf("p"), cache))), new Set(["fits"]));
  const pod = podOf("p", { spec: requires("podAffinity", odd) });
  assert.deepEqual(new Set(Object.values(verdicts(interPodAffinity, pod, cache))), new Set([unaffine]));
});

test("required anti-affinity keeps a pod away from those it names", () => {
  const cache = cacheOf(nodes, [placed("web-1", "web", "a1")]);
  const pod = podOf("p", { labels: { app: "web" }, spec: requires("podAntiAffinity", term("web", "zone")) });
  assert.deepEqual(Object.values(verdicts(interPodAffinity, pod, cache)), [antiAffine, antiAffine, "fits", "fits"]);
});

test("the anti-affinity of pods already there keeps a pod away that has none", () => {
  const cache = cacheOf(nodes, [placed("loner", "x", "a1", requires("podAntiAffinity", term("web", "host")))]);
  assert.deepEqual(Object.values(verdicts(interPodAffinity, podOf("p", { labels: { app: "web" } }), cache)), [
    othersAntiAffine,
    "fits",
    "fits",
    "fits",
  ]);
  assert.deepEqual(Object.values(verdicts(interPodAffinity, podOf("p", { labels: { app: "db" } }), cache)), [
    "fits",
    "fits",
    "fits",
    "fits",
  ]);
});

test("preferences add up, the pod's own and those of pods already there", () => {
  const cache = cacheOf(nodes, [placed("db", "db", "a1"), placed("noisy", "noisy", "b1")]);
  assert.deepEqual(
    scores(interPodAffinity, podOf("p", { spec: prefers("podAffinity", 10, term("db", "zone")) }), cache),
    { a1: 100, a2: 100, b1: 0, bare: 0 },
  );
  assert.deepEqual(
    scores(interPodAffinity, podOf("p", { spec: prefers("podAntiAffinity", 10, term("noisy", "zone")) }), cache),
    { a1: 100, a2: 100, b1: 0, bare: 100 },
  );
  const fond = cacheOf(nodes, [
    placed("fond", "x", "a2", requires("podAffinity", term("web", "host"))),
    placed("shy", "x", "b1", prefers("podAntiAffinity", 1, term("web", "host"))),
  ]);
  const web = podOf("p", { labels: { app: "web" } });
  assert.deepEqual(scores(interPodAffinity, web, fond), { a1: 50, a2: 100, b1: 0, bare: 50 });
  assert.equal(scores(interPodAffinity, podOf("p", { labels: { app: "db" } }), fond), undefined);
});

test("what comes and goes beside the pod is what it hopes for", () => {
  const hint = interPodAffinity.interests[0]!.hint!;
  const info = podInfo(podOf("p", { spec: requires("podAffinity", term("db", "zone")) }));
  const added = (app: string, nodeName: string) =>
    ({ kind: "Pod", event: "AssignedPodAdd", pod: placed("x", app, nodeName) }) as const;
  assert.deepEqual([hint(info, added("db", "a1")), hint(info, added("web", "a1"))], [true, false]);
  const nodeHint = interPodAffinity.interests[1]!.hint!;
  const relabelled = (labels: Record<string, string>) =>
    ({ kind: "Node", event: "NodeLabel", old: nodeOf("n"), node: nodeOf("n", { labels }) }) as const;
  assert.deepEqual(
    [nodeHint(info, relabelled({ zone: "a" })), nodeHint(info, relabelled({ disk: "ssd" }))],
    [true, false],
  );
});
