import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import type { ApiObject } from "../../../../apimachinery/resource/object.ts";
import type * as types from "../../../generated/types/core-v1.ts";
import { evaluatorOf } from "./all.ts";
import { add, amountsText, exceeded, increase, sameAmounts, withoutZeros } from "./amounts.ts";
import { calculateUsage } from "./calculate.ts";
import type { QuotaContext, QuotaEvaluator } from "./evaluator.ts";

const now = Date.parse("2026-01-01T00:00:00Z");
const deviceClass = (name: string, extendedResourceName?: string) => ({
  metadata: { name },
  spec: { ...(extendedResourceName && { extendedResourceName }) },
});
const context = (change: Partial<QuotaContext> = {}): QuotaContext => ({
  now,
  deviceClasses: () => [deviceClass("gpu", "example.com/gpu"), deviceClass("nic")] as never,
  pod: () => undefined,
  claims: () => [],
  ...change,
});
const evaluator = (plural: string, group = ""): QuotaEvaluator => evaluatorOf(group, plural)!;
const usage = (plural: string, object: object, group = "", change: Partial<QuotaContext> = {}) =>
  evaluator(plural, group).usage({ metadata: { name: "x", namespace: "ns" }, ...object } as ApiObject, context(change));
const c = (name: string, requests?: object, limits?: object, more: object = {}) => ({
  name,
  resources: { ...(requests && { requests }), ...(limits && { limits }) },
  ...more,
});
const pod = (spec: object, more: object = {}) => ({ metadata: {}, spec: { containers: [], ...spec }, ...more });

test("a pod uses what it asks for, by every name that quotas have for that", () => {
  const containers = [
    c("a", { cpu: "1", memory: "1Gi", "hugepages-2Mi": "4Mi", "example.com/gpu": "2" }, { cpu: "2" }),
    c("b", { cpu: "500m", "ephemeral-storage": "1Gi" }, { memory: "2Gi", "ephemeral-storage": "2Gi" }),
  ];
  assert.deepEqual(usage("pods", pod({ containers, overhead: { cpu: "250m" } })), {
    "count/pods": "1",
    pods: "1",
    cpu: "1750m",
    "requests.cpu": "1750m",
    "limits.cpu": "2250m",
    memory: "1Gi",
    "requests.memory": "1Gi",
    "limits.memory": "2Gi",
    "ephemeral-storage": "1Gi",
    "requests.ephemeral-storage": "1Gi",
    "limits.ephemeral-storage": "2Gi",
    "hugepages-2Mi": "4Mi",
    "requests.hugepages-2Mi": "4Mi",
    "requests.example.com/gpu": "2",
  });
});

test("a pod that has ended, or should have been gone, counts as an object only", () => {
  const containers = [c("a", { cpu: "1" })];
  const counted = { "count/pods": "1" };
  assert.deepEqual(usage("pods", pod({ containers }, { status: { phase: "Failed" } })), counted);
  assert.deepEqual(usage("pods", pod({ containers }, { status: { phase: "Succeeded" } })), counted);
  const going = (deletionTimestamp: string) => ({
    ...pod({ containers }),
    metadata: { deletionTimestamp, deletionGracePeriodSeconds: 30 },
  });
  assert.deepEqual(usage("pods", going("2025-12-31T23:59:00Z")), counted);
  assert.equal(usage("pods", going("2025-12-31T23:59:45Z"))["pods"], "1");
});

test("while a container is resized, the larger of what it asks for and has counts", () => {
  const containers = [c("a", { cpu: "1" }, { cpu: "1" })];
  const statuses = (resources: object, conditions: object[] = []) => ({
    status: { containerStatuses: [{ name: "a", resources, allocatedResources: { cpu: "1500m" } }], conditions },
  });
  const cpu = (object: object) => [usage("pods", object)["requests.cpu"], usage("pods", object)["limits.cpu"]];
  const actual = { requests: { cpu: "2" }, limits: { cpu: "500m" } };
  assert.deepEqual(cpu(pod({ containers }, statuses(actual))), ["2", "1"]);
  const infeasible = [{ type: "PodResizePending", reason: "Infeasible" }];
  assert.deepEqual(cpu(pod({ containers }, statuses(actual, infeasible))), ["2", "500m"]);
  assert.deepEqual(cpu(pod({ containers, resources: { requests: { cpu: "4" } } })), ["4", "1"]);
});

test("containers have to say what a quota counts, unless the pod says it as a whole", () => {
  const spec = { containers: [c("b"), c("a", { cpu: "1" })], initContainers: [c("i", { cpu: "1" })] };
  const constraint = (names: string[], object: object) => evaluator("pods").constraint(names, object as ApiObject);
  assert.equal(
    constraint(["requests.cpu", "limits.memory", "pods"], pod(spec)),
    "must specify limits.memory for: a,b,i; requests.cpu for: b",
  );
  assert.equal(constraint(["pods", "requests.example.com/gpu"], pod(spec)), undefined);
  assert.equal(constraint(["requests.cpu"], pod({ ...spec, resources: { requests: { cpu: "1" } } })), undefined);
});

const scope = (scopeName: string, operator = "Exists", values?: string[]) =>
  ({ scopeName, operator, ...(values && { values }) }) as types.ScopedResourceSelectorRequirement;
const inScope = (selector: types.ScopedResourceSelectorRequirement, object: object, plural = "pods") =>
  evaluator(plural).matchesScope(selector, { metadata: {}, ...object } as ApiObject);
const term = (more: object) => ({ topologyKey: "zone", ...more });

const scopeCases: readonly [
  says: string,
  selector: types.ScopedResourceSelectorRequirement,
  yes: object,
  no: object,
][] = [
  ["Terminating", scope("Terminating"), pod({ activeDeadlineSeconds: 0 }), pod({})],
  ["NotTerminating", scope("NotTerminating"), pod({}), pod({ activeDeadlineSeconds: 5 })],
  ["BestEffort", scope("BestEffort"), pod({}), pod({ containers: [c("a", { cpu: "1" })] })],
  ["NotBestEffort", scope("NotBestEffort"), pod({}, { status: { qosClass: "Burstable" } }), pod({})],
  ["PriorityClass Exists", scope("PriorityClass"), pod({ priorityClassName: "a" }), pod({})],
  ["PriorityClass DoesNotExist", scope("PriorityClass", "DoesNotExist"), pod({}), pod({ priorityClassName: "a" })],
  [
    "PriorityClass In",
    scope("PriorityClass", "In", ["a", "b"]),
    pod({ priorityClassName: "b" }),
    pod({ priorityClassName: "c" }),
  ],
  ["PriorityClass NotIn", scope("PriorityClass", "NotIn", ["a"]), pod({}), pod({ priorityClassName: "a" })],
  [
    "CrossNamespacePodAffinity",
    scope("CrossNamespacePodAffinity"),
    pod({
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: term({ namespaceSelector: {} }) },
          ],
        },
      },
    }),
    pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term({})] } } }),
  ],
  [
    "CrossNamespacePodAffinity by name",
    scope("CrossNamespacePodAffinity"),
    pod({
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term({ namespaces: ["x"] })] } },
    }),
    pod({}),
  ],
];
for (const [says, selector, yes, no] of scopeCases) {
  test(`scope ${says} has some pods and not others`, () => {
    assert.equal(inScope(selector, yes), true);
    assert.equal(inScope(selector, no), false);
  });
}

test("claims are in the scope of the attributes they want, have, or are getting", () => {
  const claims = [
    { spec: { volumeAttributesClassName: "a" } },
    { spec: {}, status: { currentVolumeAttributesClassName: "a" } },
    { spec: {}, status: { modifyVolumeStatus: { targetVolumeAttributesClassName: "a" } } },
  ];
  const none = { spec: {} };
  for (const claim of claims) {
    assert.ok(inScope(scope("VolumeAttributesClass", "In", ["a"]), claim, "persistentvolumeclaims"));
    assert.ok(inScope(scope("VolumeAttributesClass"), claim, "persistentvolumeclaims"));
    assert.ok(!inScope(scope("VolumeAttributesClass", "DoesNotExist"), claim, "persistentvolumeclaims"));
  }
  assert.ok(!inScope(scope("VolumeAttributesClass"), none, "persistentvolumeclaims"));
  assert.ok(inScope(scope("VolumeAttributesClass", "DoesNotExist"), none, "persistentvolumeclaims"));
  assert.ok(!inScope(scope("Terminating"), none, "persistentvolumeclaims"));
});

test("a claim uses storage, of its class too, in whole bytes", () => {
  const spec = { resources: { requests: { storage: "1500m" } } };
  assert.deepEqual(usage("persistentvolumeclaims", { spec: { ...spec, storageClassName: "gold" } }), {
    persistentvolumeclaims: "1",
    "count/persistentvolumeclaims": "1",
    "requests.storage": "2",
    "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
    "gold.storageclass.storage.k8s.io/requests.storage": "2",
  });
  const status = { allocatedResources: { storage: "5" } };
  assert.equal(usage("persistentvolumeclaims", { spec, status })["requests.storage"], "5");
});

test("a service uses node ports and load balancers by its type", () => {
  const ports = [{ nodePort: 30000 }, {}];
  const used = (spec: object) => {
    const all = usage("services", { spec: { ports, ...spec } });
    return [all["services"], all["count/services"], all["services.nodeports"], all["services.loadbalancers"]];
  };
  assert.deepEqual(used({ type: "ClusterIP" }), ["1", "1", "0", "0"]);
  assert.deepEqual(used({ type: "NodePort" }), ["1", "1", "2", "0"]);
  assert.deepEqual(used({ type: "LoadBalancer" }), ["1", "1", "2", "1"]);
  assert.deepEqual(used({ type: "LoadBalancer", allocateLoadBalancerNodePorts: false }), ["1", "1", "1", "1"]);
});

const exactly = (deviceClassName: string, count: number, allocationMode = "ExactCount") => ({
  name: "r",
  exactly: { deviceClassName, count, allocationMode },
});

test("a resource claim uses devices of each class, and what they are as extended resources", () => {
  const requests = [
    exactly("gpu", 2),
    exactly("nic", 0, "All"),
    {
      name: "f",
      firstAvailable: [
        { name: "x", deviceClassName: "gpu", allocationMode: "ExactCount", count: 1 },
        { name: "y", deviceClassName: "gpu", allocationMode: "ExactCount", count: 3 },
      ],
    },
  ];
  assert.deepEqual(usage("resourceclaims", { spec: { devices: { requests } } }, "resource.k8s.io"), {
    "count/resourceclaims.resource.k8s.io": "1",
    "gpu.deviceclass.resource.k8s.io/devices": "5",
    "nic.deviceclass.resource.k8s.io/devices": "32",
    "requests.deviceclass.resource.kubernetes.io/gpu": "5",
    "requests.example.com/gpu": "5",
    "requests.deviceclass.resource.kubernetes.io/nic": "32",
  });
});

test("what a pod was counted for, the claim that the scheduler made for it is not counted for again", () => {
  const owner = { apiVersion: "v1", kind: "Pod", name: "p", uid: "u", controller: true };
  const claim = {
    metadata: {
      name: "x",
      namespace: "ns",
      annotations: { "resource.kubernetes.io/extended-resource-claim": "true" },
      ownerReferences: [owner],
    },
    spec: { devices: { requests: [exactly("gpu", 2)] } },
  };
  const owned = (uid: string) =>
    ({
      ...pod({ containers: [c("a", { "example.com/gpu": "2" })] }),
      metadata: { name: "p", uid },
    }) as unknown as types.Pod;
  const used = (change: Partial<QuotaContext>) =>
    usage("resourceclaims", claim, "resource.k8s.io", change)["requests.example.com/gpu"];
  assert.equal(used({ pod: () => owned("u") }), undefined);
  assert.equal(used({ pod: () => owned("other") }), "2");
  assert.equal(used({}), "2");
  const older = { ...claim, metadata: { ...claim.metadata, name: "a" } };
  assert.equal(used({ pod: () => owned("u"), claims: () => [older] as never }), "2");
});

test("any resource counts its objects, some by an older name too; events and reviews do not count", () => {
  assert.deepEqual(usage("deployments", {}, "apps"), { "count/deployments.apps": "1" });
  assert.deepEqual(usage("widgets", {}, "example.com"), { "count/widgets.example.com": "1" });
  assert.deepEqual(usage("secrets", {}), { "count/secrets": "1", secrets: "1" });
  assert.equal(evaluatorOf("", "events"), undefined);
  assert.equal(evaluatorOf("events.k8s.io", "events"), undefined);
  assert.equal(evaluatorOf("authorization.k8s.io", "localsubjectaccessreviews"), undefined);
});

test("each evaluator counts its own names", () => {
  const names = ["pods", "cpu", "requests.example.com/gpu", "requests.storage", "services", "count/x", "hugepages-1Gi"];
  const matching = (plural: string, group = "") => evaluator(plural, group).matchingResources(names, context());
  assert.deepEqual(matching("pods"), ["pods", "cpu", "requests.example.com/gpu", "hugepages-1Gi"]);
  assert.deepEqual(matching("persistentvolumeclaims"), ["requests.storage"]);
  assert.deepEqual(matching("services"), ["services"]);
  assert.deepEqual(matching("resourceclaims", "resource.k8s.io"), ["requests.example.com/gpu"]);
  assert.deepEqual(matching("x"), ["count/x"]);
});

test("the usage of a namespace is the sum of its objects in scope, 0 where there are none", () => {
  const objects = [pod({ containers: [c("a", { cpu: "1" })] }), pod({ activeDeadlineSeconds: 1 })] as never[];
  const counted = [
    { evaluator: evaluator("pods"), objects: () => objects },
    { evaluator: evaluator("services"), objects: () => [] },
  ];
  const hard = { pods: "5", "requests.cpu": "1", services: "1", "count/unknown": "1" };
  const quota = (spec: object) => ({ metadata: {}, spec: { hard, ...spec } }) as unknown as types.ResourceQuota;
  assert.deepEqual(calculateUsage(quota({}), counted, context()), { pods: "2", "requests.cpu": "1", services: "0" });
  assert.deepEqual(calculateUsage(quota({ scopes: ["Terminating"] }), counted, context()), {
    pods: "1",
    "requests.cpu": "0",
    services: "0",
  });
});

const list = fc.dictionary(
  fc.constantFrom("cpu", "memory", "pods"),
  fc.integer({ min: 0, max: 9_999 }).map((milli) => String(Quantity.ofMilli(milli))),
);

test("sums: what was added is what has increased, and comparing knows amounts, not texts", () => {
  fc.assert(
    fc.property(list, list, (a, b) => {
      const sum = add(a, b);
      assert.ok(sameAmounts(withoutZeros(increase(sum, a)), withoutZeros(b)));
      assert.deepEqual(exceeded(a, sum), []);
    }),
  );
  assert.ok(sameAmounts({ cpu: "1" }, { cpu: "1000m" }));
  assert.ok(!sameAmounts({ cpu: "1" }, { cpu: "1", pods: "0" }));
  assert.deepEqual(exceeded({ cpu: "1001m", x: "9" }, { cpu: "1", pods: "1" }), ["cpu"]);
  assert.deepEqual(increase({ cpu: "1" }, { cpu: "2", pods: "1" }), { cpu: "0", pods: "0" });
  assert.equal(amountsText({ pods: "2", cpu: "1" }), "cpu=1,pods=2");
});
