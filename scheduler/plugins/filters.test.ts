import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podInfo } from "../cache/pod-info.ts";
import { nodeOf, podOf } from "../testing/objects.ts";
import { cacheOf, fateOf, scores, verdicts } from "../testing/subject.ts";
import { imageLocality } from "./image-locality/image-locality.ts";
import { nodeAffinity } from "./node-affinity/node-affinity.ts";
import { nodeName } from "./node-name/node-name.ts";
import { nodePorts } from "./node-ports/node-ports.ts";
import { nodeResourcesBalancedAllocation } from "./node-resources/balanced-allocation.ts";
import { nodeResourcesFit } from "./node-resources/fit.ts";
import { nodeUnschedulable } from "./node-unschedulable/node-unschedulable.ts";
import { schedulingGates } from "./scheduling-gates/scheduling-gates.ts";
import { taintToleration } from "./taint-toleration/taint-toleration.ts";

const mebibyte = 1024 * 1024;

test("SchedulingGates: a pod waits while it has gates, and its own last gate's end lets it go", () => {
  const gated = podOf("a", { spec: { schedulingGates: [{ name: "x" }, { name: "y" }] } });
  assert.deepEqual(schedulingGates.preEnqueue?.(podInfo(gated))?.reasons, ["waiting for scheduling gates: [x y]"]);
  assert.equal(schedulingGates.preEnqueue?.(podInfo(podOf("b"))), undefined);
  const hint = schedulingGates.interests[0]?.hint;
  const change = { kind: "Pod", event: "PodGatesEliminated" } as const;
  assert.equal(hint?.(podInfo(gated), { ...change, pod: podOf("a") }), true);
  assert.equal(hint?.(podInfo(gated), { ...change, pod: podOf("b") }), false);
});

test("NodeName: only the node that is named", () => {
  const cache = cacheOf([nodeOf("a"), nodeOf("b")]);
  const reason = "node(s) didn't match the requested node name";
  assert.deepEqual(verdicts(nodeName, podOf("p", { spec: { nodeName: "b" } }), cache), { a: reason, b: "fits" });
  assert.deepEqual(verdicts(nodeName, podOf("p"), cache), { a: "fits", b: "fits" });
});

test("NodeUnschedulable: cordoned nodes take who tolerates it", () => {
  const cache = cacheOf([nodeOf("a", { unschedulable: true }), nodeOf("b")]);
  const tolerations = [{ key: "node.kubernetes.io/unschedulable", operator: "Exists", effect: "NoSchedule" }];
  assert.deepEqual(verdicts(nodeUnschedulable, podOf("p"), cache), { a: "node(s) were unschedulable", b: "fits" });
  assert.deepEqual(verdicts(nodeUnschedulable, podOf("p", { spec: { tolerations } }), cache), { a: "fits", b: "fits" });
  const hint = nodeUnschedulable.interests[0]!.hint!;
  const change = { kind: "Node", event: "NodeTaint", old: nodeOf("a", { unschedulable: true }) } as const;
  assert.equal(hint(podInfo(podOf("p")), { ...change, node: nodeOf("a") }), true);
  assert.equal(hint(podInfo(podOf("p")), { ...change, old: nodeOf("a"), node: nodeOf("a") }), false);
});

describe("TaintToleration", () => {
  const taint = (effect: string, value = "x") => nodeOf("a", { taints: [{ key: "team", value, effect }] });
  const refused = { a: "node(s) had untolerated taint(s)" };
  const fits = { a: "fits" };
  for (const [what, toleration, effect, expected] of [
    ["nothing against NoSchedule", undefined, "NoSchedule", refused],
    ["nothing against NoExecute", undefined, "NoExecute", refused],
    ["nothing against PreferNoSchedule", undefined, "PreferNoSchedule", fits],
    ["key and value", { key: "team", value: "x" }, "NoSchedule", fits],
    ["another value", { key: "team", value: "y" }, "NoSchedule", refused],
    ["Exists with the key", { key: "team", operator: "Exists" }, "NoExecute", fits],
    ["Exists without a key", { operator: "Exists" }, "NoSchedule", fits],
    ["another effect", { key: "team", operator: "Exists", effect: "NoExecute" }, "NoSchedule", refused],
  ] as const) {
    test(`tolerating ${what}`, () => {
      const pod = podOf("p", { spec: { tolerations: toleration === undefined ? [] : [toleration] } });
      assert.deepEqual(verdicts(taintToleration, pod, cacheOf([taint(effect)])), expected);
    });
  }

  test("compares numbers by Gt and Lt", () => {
    const pod = (operator: string, value: string) =>
      podOf("p", { spec: { tolerations: [{ key: "team", operator, value }] } });
    const cache = cacheOf([taint("NoSchedule", "950")]);
    assert.deepEqual(verdicts(taintToleration, pod("Gt", "900"), cache), fits);
    assert.deepEqual(verdicts(taintToleration, pod("Lt", "900"), cache), refused);
    assert.deepEqual(verdicts(taintToleration, pod("Gt", "0900"), cache), refused);
  });

  test("prefers nodes with fewer soft taints that are not tolerated", () => {
    const soft = (...keys: string[]) => ({ taints: keys.map((key) => ({ key, effect: "PreferNoSchedule" })) });
    const cache = cacheOf([nodeOf("none"), nodeOf("one", soft("a")), nodeOf("two", soft("b", "c"))]);
    const tolerations = [{ key: "a", operator: "Exists" }];
    assert.deepEqual(scores(taintToleration, podOf("p"), cache), { none: 100, one: 50, two: 0 });
    assert.deepEqual(scores(taintToleration, podOf("p", { spec: { tolerations } }), cache), {
      none: 100,
      one: 100,
      two: 0,
    });
  });

  test("is interested in a taint that goes, not in one that comes or that the pod tolerates anyway", () => {
    const hint = taintToleration.interests[0]!.hint!;
    const change = { kind: "Node", event: "NodeTaint" } as const;
    assert.equal(hint(podInfo(podOf("p")), { ...change, old: taint("NoSchedule"), node: nodeOf("a") }), true);
    assert.equal(hint(podInfo(podOf("p")), { ...change, old: nodeOf("a"), node: taint("NoSchedule") }), false);
    const tolerant = podOf("p", { spec: { tolerations: [{ operator: "Exists" }] } });
    assert.equal(hint(podInfo(tolerant), { ...change, old: taint("NoSchedule"), node: nodeOf("a") }), false);
  });
});

describe("NodeAffinity", () => {
  const nodes = [
    nodeOf("a", { labels: { disk: "ssd", cores: "8" } }),
    nodeOf("b", { labels: { disk: "hdd", cores: "16" } }),
    nodeOf("c"),
  ];
  const cache = cacheOf(nodes);
  const required = (...nodeSelectorTerms: object[]) =>
    podOf("p", {
      spec: { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } } },
    });
  const chosen = (pod: ReturnType<typeof podOf>): string => {
    const result = verdicts(nodeAffinity, pod, cache);
    if (typeof result === "string") return result;
    for (const verdict of Object.values(result)) {
      assert.ok(["fits", "node(s) didn't match Pod's node affinity/selector"].includes(verdict));
    }
    return Object.keys(result)
      .filter((name) => result[name] === "fits")
      .join();
  };
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  });

  test("nodeSelector: every label", () => {
    assert.equal(chosen(podOf("p", { spec: { nodeSelector: { disk: "ssd" } } })), "a");
    assert.equal(chosen(podOf("p", { spec: { nodeSelector: { disk: "ssd", cores: "16" } } })), "");
  });
  test("each operator", () => {
    assert.equal(chosen(required(expression("disk", "In", "ssd", "hdd"))), "a,b");
    assert.equal(chosen(required(expression("disk", "NotIn", "ssd"))), "b,c");
    assert.equal(chosen(required(expression("disk", "Exists"))), "a,b");
    assert.equal(chosen(required(expression("disk", "DoesNotExist"))), "c");
    assert.equal(chosen(required(expression("cores", "Gt", "8"))), "b");
    assert.equal(chosen(required(expression("cores", "Lt", "16"))), "a");
  });
  test("terms are alternatives, an empty one matches nothing", () => {
    assert.equal(chosen(required(expression("disk", "In", "ssd"), expression("disk", "DoesNotExist"))), "a,c");
    assert.equal(chosen(required({})), "");
  });
  test("nodes by name narrow the search, and say who did", () => {
    const named = (...names: string[]) => ({
      matchFields: names.map((name) => ({ key: "metadata.name", operator: "In", values: [name] })),
    });
    assert.equal(chosen(required(named("b"))), "b");
    assert.equal(chosen(required(named("a", "b"))), "pod affinity terms conflict");
    assert.equal(fateOf(required(named("b")), cache), "b");
    assert.equal(
      fateOf(required(named("gone")), cache),
      "0/3 nodes are available: 3 node(s) didn't satisfy plugin(s) [NodeAffinity].",
    );
  });
  test("preferred terms add up, and the best node has 100", () => {
    const preferredDuringSchedulingIgnoredDuringExecution = [
      { weight: 20, preference: expression("disk", "Exists") },
      { weight: 60, preference: expression("disk", "In", "ssd") },
    ];
    const pod = podOf("p", {
      spec: { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution } } },
    });
    assert.deepEqual(scores(nodeAffinity, pod, cache), { a: 100, b: 25, c: 0 });
  });
});

describe("NodePorts", () => {
  const withPort = (name: string, port: object, nodeName?: string) =>
    podOf(name, {
      spec: {
        containers: [{ name: "main", image: "app", ports: [{ containerPort: 1, protocol: "TCP", ...port }] }],
        ...(nodeName ? { nodeName } : {}),
      },
    });
  const cache = cacheOf([nodeOf("a"), nodeOf("b")], [withPort("old", { hostPort: 80, hostIP: "10.0.0.1" }, "a")]);
  const taken = { a: "node(s) didn't have free ports for the requested pod ports", b: "fits" };
  const free = { a: "fits", b: "fits" };
  for (const [what, port, expected] of [
    ["the same port and address", { hostPort: 80, hostIP: "10.0.0.1" }, taken],
    ["the same port on all addresses", { hostPort: 80 }, taken],
    ["the same port on another address", { hostPort: 80, hostIP: "10.0.0.2" }, free],
    ["another port", { hostPort: 81 }, free],
    ["another protocol", { hostPort: 80, protocol: "UDP" }, free],
    ["no port of the node", {}, free],
  ] as const) {
    test(what, () => assert.deepEqual(verdicts(nodePorts, withPort("new", port), cache), expected));
  }
  test("a pod that frees the port lets it go, another does not", () => {
    const hint = nodePorts.interests[0]!.hint!;
    const info = podInfo(withPort("new", { hostPort: 80 }));
    const change = { kind: "Pod", event: "AssignedPodDelete" } as const;
    assert.equal(hint(info, { ...change, old: withPort("old", { hostPort: 80 }, "a") }), true);
    assert.equal(hint(info, { ...change, old: withPort("old", { hostPort: 81 }, "a") }), false);
  });
});

describe("NodeResourcesFit", () => {
  const allocatable = { cpu: "2", memory: "4Gi", pods: "2", "example.com/gpu": "1" };
  const cache = cacheOf(
    [nodeOf("a", { allocatable })],
    [podOf("used", { requests: { cpu: "500m", memory: "1Gi" }, spec: { nodeName: "a" } })],
  );
  const verdict = (requests: Record<string, string>): string =>
    (verdicts(nodeResourcesFit, podOf("p", { requests }), cache) as Record<string, string>)["a"]!;
  test("what is left is enough, to the last", () => assert.equal(verdict({ cpu: "1500m", memory: "3Gi" }), "fits"));
  test("each resource that is lacking is named", () =>
    assert.equal(
      verdict({ cpu: "1501m", memory: "4Gi", "ephemeral-storage": "1", "example.com/gpu": "2" }),
      "Insufficient cpu, Insufficient memory, Insufficient ephemeral-storage, Insufficient example.com/gpu",
    ));
  test("extended resources count", () => assert.equal(verdict({ "example.com/gpu": "1" }), "fits"));
  test("a node takes so many pods", () => {
    const full = cacheOf(
      [nodeOf("a", { allocatable })],
      ["x", "y"].map((name) => podOf(name, { spec: { nodeName: "a" } })),
    );
    assert.deepEqual(verdicts(nodeResourcesFit, podOf("p"), full), { a: "Too many pods" });
  });
  test("init containers, sidecars and overhead count as they run", () => {
    const resources = (cpu: string) => ({ resources: { requests: { cpu } } });
    const spec = {
      initContainers: [
        { name: "sidecar", image: "app", restartPolicy: "Always", ...resources("200m") },
        { name: "init", image: "app", ...resources("1") },
      ],
      containers: [{ name: "main", image: "app", ...resources("600m") }],
      overhead: { cpu: "100m" },
    };
    assert.equal(podInfo(podOf("p", { spec })).requests.requested.milliCpu, 1300);
  });
  test("prefers the node with the most left", () => {
    const two = cacheOf(
      [nodeOf("a"), nodeOf("b")],
      [podOf("x", { requests: { cpu: "2", memory: "2Gi" }, spec: { nodeName: "a" } })],
    );
    assert.deepEqual(scores(nodeResourcesFit, podOf("p", { requests: { cpu: "1", memory: "2Gi" } }), two), {
      a: 37,
      b: 75,
    });
  });
  test("pods that ask for nothing are taken for small ones", () => {
    const { requested, assumed } = podInfo(podOf("p")).requests;
    assert.deepEqual([requested.milliCpu, assumed], [0, { milliCpu: 100, memoryBytes: 200 * mebibyte }]);
  });
});

test("NodeResourcesBalancedAllocation: prefers the node that it leaves balanced; says nothing of pods that ask for nothing", () => {
  const lopsided = podOf("x", { requests: { memory: "4Gi" }, spec: { nodeName: "a" } });
  const cache = cacheOf([nodeOf("a"), nodeOf("b")], [lopsided]);
  assert.deepEqual(scores(nodeResourcesBalancedAllocation, podOf("p", { requests: { cpu: "2" } }), cache), {
    a: 87,
    b: 62,
  });
  assert.equal(scores(nodeResourcesBalancedAllocation, podOf("p"), cache), undefined);
});

test("ImageLocality: prefers nodes that have the image, the more the more nodes have it", () => {
  const images = [{ names: ["registry.example/app:1"], sizeBytes: 500 * mebibyte }];
  const cache = cacheOf([nodeOf("a", { images }), nodeOf("b", { images }), nodeOf("c"), nodeOf("d")]);
  const pod = podOf("p", { spec: { containers: [{ name: "main", image: "registry.example/app:1" }] } });
  assert.deepEqual(scores(imageLocality, pod, cache), { a: 23, b: 23, c: 0, d: 0 });
  assert.equal(scores(imageLocality, podOf("p"), cache), undefined);
});
