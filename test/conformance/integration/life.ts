import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { realClock, realRandom, silentLogger } from "../../../base/mod.ts";
import { createClient, Informers } from "../../../client/mod.ts";
import { podGarbageCollector } from "../../../controllers/pod-garbage-collector/controller.ts";
import { runControllers } from "../../../controllers/runner/run.ts";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";
import { template } from "./pods.ts";

// test/integration/namespace, podgc, quota, evictions, scale, node

const labels = { app: "test" };
const { spec } = template(labels) as { spec: object };
const finalizers = ["test.k8s.io/finalizer"];
const isGone = (all: TypedResource, name: string): Promise<unknown> => eventually(() => isRefused(all.get(name), 404));

describeUpstream(
  "Namespaces, quotas and lost pods as integration tests ask of them",
  (use) => {
    // Upstream's test waits half a second for a missing node, and not forty.
    const stop = new AbortController();
    let collecting: Promise<void> | undefined;
    before(() => {
      const user = { username: "system:serviceaccount:kube-system:pod-garbage-collector", groups: ["system:masters"] };
      const client = createClient(use.https.server.transport(user));
      const parts = { client, clock: realClock, random: realRandom, logger: silentLogger };
      const options = { ...parts, clientOf: () => client, informers: new Informers(parts) };
      collecting = runControllers(options, [podGarbageCollector({ quarantineMs: 500 })], stop.signal);
    });
    after(() => {
      stop.abort();
      return collecting;
    });

    test("TestNamespaceCondition", async () => {
      const name = await use.makeNamespace();
      await use.typed("pods", name).create({ metadata: { name: "pod1" }, spec });
      const deployment = { replicas: 1, selector: { matchLabels: labels }, template: template(labels) };
      const deployments = use.typed("deployments", name);
      await deployments.create({ metadata: { name: "d", finalizers: ["custom.io/finalizer"] }, spec: deployment });
      await use.typed("namespaces").delete(name);
      const wanted = {
        NamespaceDeletionGroupVersionParsingFailure: "All legacy kube types successfully parsed",
        NamespaceDeletionDiscoveryFailure: "All resources successfully discovered",
        NamespaceDeletionContentFailure: "All content successfully deleted, may be waiting on finalization",
        NamespaceContentRemaining: "Some resources are remaining: deployments.apps has 1 resource instances",
        NamespaceFinalizersRemaining:
          "Some content in the namespace has finalizers remaining: custom.io/finalizer in 1 resource instances",
      };
      await eventually(async () => {
        const { conditions = [] } = (await use.typed("namespaces").get(name))["status"];
        assert.deepEqual(Object.fromEntries(conditions.map(({ type, message }: Thing) => [type, message])), wanted);
      });
      await deployments.patch("d", "merge", { metadata: { finalizers: null } });
      await isGone(use.typed("namespaces"), name);
    });

    test("TestNamespaceLabels", async () => {
      await use.typed("namespaces").create({ metadata: { generateName: "test-namespace-labels-generated" } });
      for (const { metadata } of (await use.typed("namespaces").list()).items) {
        assert.equal(metadata.labels?.["kubernetes.io/metadata.name"], metadata.name);
      }
    });

    const makeNode = (name: string, status: "True" | "False"): Promise<Thing> =>
      use.typed("nodes").create({ metadata: { name }, status: { conditions: [{ type: "Ready", status }] } });
    const disrupted = {
      ...{ type: "DisruptionTarget", status: "True", reason: "DeletionByPodGC", observedGeneration: 1 },
      message: "PodGC: node no longer exists",
    };
    const conditionOf = ({ status }: Thing): Thing | undefined => {
      const found = (status.conditions ?? []).find((one: Thing) => one["type"] === "DisruptionTarget");
      if (found === undefined) return undefined;
      const { lastTransitionTime, ...condition } = found;
      assert.ok(lastTransitionTime);
      return condition;
    };
    const going = (pods: TypedResource): Promise<Thing> =>
      eventually(async () => {
        const pod = await pods.get("testpod");
        assert.ok(pod.metadata.deletionTimestamp);
        return pod;
      });

    for (const [phase, after, condition] of [
      ["Pending", "Failed", disrupted],
      ["Running", "Failed", disrupted],
      ["Succeeded", "Succeeded", undefined],
      ["Failed", "Failed", undefined],
    ] as const) {
      test(`TestPodGcOrphanedPodsWithFinalizer: ${phase}`, async () => {
        const pods = use.typed("pods", await use.makeNamespace());
        await makeNode("lost", "True");
        await pods.create({ metadata: { name: "testpod", finalizers }, spec: { ...spec, nodeName: "lost" } });
        await pods.patch("testpod", "merge", { status: { phase } }, { subresource: "status" });
        await use.typed("nodes").delete("lost");
        const pod = await going(pods);
        assert.deepEqual([pod["status"].phase, conditionOf(pod)], [after, condition]);
        await pods.patch("testpod", "merge", { metadata: { finalizers: null } });
      });
    }

    for (const withFinalizer of [true, false]) {
      test(`TestTerminatingOnOutOfServiceNode: ${withFinalizer ? "with" : "without"} a finalizer`, async () => {
        const pods = use.typed("pods", await use.makeNamespace());
        const nodes = use.typed("nodes");
        await makeNode("away", "False");
        const metadata = { name: "testpod", ...(withFinalizer && { finalizers }) };
        await pods.create({ metadata, spec: { ...spec, nodeName: "away" } });
        await pods.delete("testpod", { gracePeriodSeconds: 300 });
        await going(pods);
        const taint = { key: "node.kubernetes.io/out-of-service", effect: "NoExecute" };
        await nodes.change("away", (node) =>
          Object.assign(node["spec"], { taints: [...(node["spec"].taints ?? []), taint] }),
        );
        if (withFinalizer) {
          await eventually(async () => assert.equal((await pods.get("testpod"))["status"].phase, "Failed"));
          assert.equal(conditionOf(await pods.get("testpod")), undefined);
          await pods.patch("testpod", "merge", { metadata: { finalizers: null } });
        }
        await isGone(pods, "testpod");
        await nodes.delete("away");
      });
    }

    for (const [title, more] of [
      [
        "variables",
        {
          env: [
            { name: "XYZ", value: "1" },
            { name: "XYZ", value: "2" },
          ],
        },
      ],
      [
        "ports",
        {
          ports: [
            { containerPort: 93, hostPort: 9376 },
            { containerPort: 93, hostPort: 9377 },
          ],
        },
      ],
    ] as const) {
      test(`TestPodGcForPodsWithDuplicatedFieldKeys: ${title}`, async () => {
        const pods = use.typed("pods", await use.makeNamespace());
        const containers = [{ name: "foo", image: "bar", ...more }];
        await pods.create({
          metadata: { name: "testpod", finalizers },
          spec: { containers, nodeName: "non-existing-node" },
        });
        const pod = await going(pods);
        assert.deepEqual([pod["status"].phase, conditionOf(pod)], ["Failed", disrupted]);
        await pods.patch("testpod", "merge", { metadata: { finalizers: null } });
      });
    }

    test("TestQuota", async () => {
      const namespace = await use.makeNamespace();
      const quotas = use.typed("resourcequotas", namespace);
      await quotas.create({ metadata: { name: "quota" }, spec: { hard: { pods: "1000" } } });
      await eventually(async () => assert.ok((await quotas.get("quota"))["status"].hard));
      const controllers = use.typed("replicationcontrollers", namespace);
      const made = { replicas: 100, selector: labels, template: template(labels) };
      await controllers.create({ metadata: { name: "foo" }, spec: made });
      await eventually(async () => assert.equal((await controllers.get("foo"))["status"].replicas, 100));
      await eventually(async () => assert.equal((await quotas.get("quota"))["status"].used.pods, "100"));
    });

    test("TestQuotaLimitService", async () => {
      const namespace = await use.makeNamespace();
      const [quotas, services] = [use.typed("resourcequotas", namespace), use.typed("services", namespace)];
      const hard = { services: "4", "services.nodeports": "2", "services.loadbalancers": "2" };
      await quotas.create({ metadata: { name: "quota" }, spec: { hard } });
      await eventually(async () => assert.ok((await quotas.get("quota"))["status"].hard));
      const make = (name: string, type: string, allocateLoadBalancerNodePorts?: boolean): Promise<Thing> => {
        const allocates = allocateLoadBalancerNodePorts === undefined ? {} : { allocateLoadBalancerNodePorts };
        return services.create({ metadata: { name }, spec: { type, ports: [{ port: 80 }], ...allocates } });
      };
      const used = (...[all, nodePorts, balancers]: string[]): Promise<void> =>
        eventually(async () => {
          const wanted = { services: all, "services.nodeports": nodePorts, "services.loadbalancers": balancers };
          assert.deepEqual((await quotas.get("quota"))["status"].used, wanted);
        });
      await make("np-svc", "NodePort");
      await make("lb-svc-withnp1", "LoadBalancer", true);
      await used("2", "2", "1");
      await isRefused(
        make("lb-svc-withnp2", "LoadBalancer", true),
        403,
        /exceeded quota: quota, requested: services\.nodeports=1/,
      );
      await make("lb-svc-wonp1", "LoadBalancer", false);
      await used("3", "2", "2");
      await isRefused(make("lb-svc-wonp2", "LoadBalancer", false), 403, /requested: services\.loadbalancers=1/);
      await make("clusterip-svc1", "ClusterIP");
      await used("4", "2", "2");
      await isRefused(make("clusterip-svc2", "ClusterIP"), 403, /requested: services=1/);
    });

    test("TestEvictionVersions", async () => {
      const namespace = await use.makeNamespace();
      const pods = use.dynamic("pods", namespace);
      await pods.create({ metadata: { name: "test" }, spec });
      await isRefused(pods.get("test/eviction"), 405);
      for (const kind of ["json", "merge", "strategic", "apply"] as const) {
        await isRefused(pods.patch("test", kind, {}, { subresource: "eviction" }), 405);
      }
      const body = { metadata: { name: "test" }, deleteOptions: { dryRun: ["All"] } };
      for (const type of [
        {},
        ...["v1beta1", "v1"].map((version) => ({ apiVersion: `policy/${version}`, kind: "Eviction" })),
      ]) {
        const answer = await pods.createBelow("test/eviction", { ...type, ...body } as never);
        assert.deepEqual([answer.apiVersion, answer.kind], ["v1", "Status"]);
      }
      const unknown = { apiVersion: "policy/v2", kind: "Eviction", metadata: { name: "test" } };
      await isRefused(pods.createBelow("test/eviction", unknown as never), 400, /policy\/v2/);
    });

    for (const [phase, dryRun] of [
      ["Succeeded", []],
      ["Running", []],
      ["Running", ["All"]],
    ] as const) {
      test(`TestEvictionWithFinalizers: ${phase}${dryRun.length > 0 ? ", dry" : ""}`, async () => {
        const pods = use.typed("pods", await use.makeNamespace());
        await pods.create({ metadata: { name: "testpod", finalizers }, spec });
        const conditions = [{ type: "Ready", status: "True" }];
        await pods.patch("testpod", "merge", { status: { phase, conditions } }, { subresource: "status" });
        const deleteOptions = dryRun.length > 0 ? { dryRun } : {};
        const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "testpod" }, deleteOptions };
        await pods.createBelow("testpod/eviction", eviction as never);
        const pod = await pods.get("testpod");
        const evicted = dryRun.length === 0;
        assert.equal(pod.metadata.deletionTimestamp !== undefined, evicted);
        assert.equal(conditionOf(pod) !== undefined, evicted);
      });
    }

    test("TestEvictionWithPrecondition", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      for (const [by, isWrong] of [
        [["resourceVersion"], false],
        [["uid"], false],
        [["uid", "resourceVersion"], false],
        [["resourceVersion"], true],
        [["uid"], true],
      ] as const) {
        const { metadata } = await pods.create({ metadata: { generateName: "pod-" }, spec });
        const { name } = metadata;
        const status = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
        const now = await pods.patch(name, "merge", { status }, { subresource: "status" });
        const right = { uid: now.metadata.uid, resourceVersion: now.metadata.resourceVersion };
        const values = isWrong ? { uid: crypto.randomUUID(), resourceVersion: metadata.resourceVersion } : right;
        const preconditions = Object.fromEntries(by.map((key) => [key, values[key]]));
        const type = { apiVersion: "policy/v1", kind: "Eviction" };
        const eviction = pods.createBelow(`${name}/eviction`, {
          ...type,
          metadata: { name },
          deleteOptions: { preconditions },
        } as never);
        if (isWrong) await isRefused(eviction, 409);
        else await eviction;
      }
    });

    test("TestScaleSubresources", async () => {
      const namespace = await use.makeNamespace();
      const found: string[] = [];
      for (const path of ["/api/v1", "/apis/apps/v1"]) {
        const { resources } = (await use.admin.call({ path })).json as { resources: Record<string, string>[] };
        for (const { name, group, version, kind } of resources.filter((one) => one["name"]!.endsWith("/scale"))) {
          found.push(name!.split("/")[0]!);
          assert.deepEqual([group, version, kind], ["autoscaling", "v1", "Scale"]);
        }
      }
      assert.deepEqual(found.sort(), ["deployments", "replicasets", "replicationcontrollers", "statefulsets"]);
      for (const resource of found) {
        const selector = resource === "replicationcontrollers" ? labels : { matchLabels: labels };
        const all = use.dynamic(resource, namespace);
        await all.create({ metadata: { name: "test" }, spec: { replicas: 1, selector, template: template(labels) } });
        const scale = await all.get("test/scale");
        assert.deepEqual([scale.apiVersion, scale.kind], ["autoscaling/v1", "Scale"]);
        await eventually(async () => all.updateAs(await all.get("test/scale"), "scale"));
      }
    });
  },
  { controllers: ["*", "-pod-garbage-collector-controller"] },
);
