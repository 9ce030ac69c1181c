import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream, hasLabels } from "../../support/upstream.ts";

const container = { name: "agnhost", image: "agnhost:1" };

describeUpstream(
  "Pods",
  (use) => {
    const runs = (pods: TypedResource, name: string): Promise<Thing> =>
      eventually(async () => {
        const pod = await pods.get(name);
        assert.equal(pod["status"].phase, "Running");
        return pod;
      });

    test("should delete a collection of pods", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const spec = { terminationGracePeriodSeconds: 1, containers: [container], restartPolicy: "Never" };
      for (const name of ["test-pod-1", "test-pod-2", "test-pod-3"]) {
        await pods.create({ metadata: { name, labels: { type: "Testing" } }, spec });
        await runs(pods, name);
      }
      const own = { labelSelector: "type=Testing" };
      await pods.deleteCollection(own, { gracePeriodSeconds: 1 });
      await eventually(async () => assert.deepEqual((await pods.list(own)).items, []));
    });

    test("should run through the lifecycle of Pods and PodStatus", async () => {
      const namespace = await use.makeNamespace();
      const pods = use.typed("pods", namespace);
      const labelSelector = "test-pod-static=true";
      const { resourceVersion } = (await use.typed("pods").list({ labelSelector })).metadata;
      const metadata = { name: "pod-test", labels: { "test-pod-static": "true" } };
      await pods.create({ metadata, spec: { terminationGracePeriodSeconds: 1, containers: [container] } });
      const watch = await pods.watch({ labelSelector, resourceVersion });
      await watch.until(({ object }) => object["status"].phase === "Running");
      const before = await pods.get("pod-test");
      // What Go makes of a whole Pod.
      const body = {
        metadata: { creationTimestamp: null, labels: { "test-pod": "patched" } },
        spec: { terminationGracePeriodSeconds: 1, containers: [{ ...container, image: "agnhost:2", resources: {} }] },
        status: {},
      };
      await pods.patch("pod-test", "strategic", body);
      await watch.until(({ object }) => hasLabels(object, { "test-pod": "patched" }));
      const patched = await pods.get("pod-test");
      assert.equal(patched["spec"].containers[0].image, "agnhost:2");
      assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(before.metadata.resourceVersion));
      const isReady = ({ type }: Thing): boolean => type === "Ready" || type === "ContainersReady";
      const status = await use.dynamic("pods", namespace).get("pod-test/status");
      const conditions = (status["status"].conditions as readonly Thing[]).map((condition) =>
        isReady(condition) ? { ...condition, status: "False" } : condition,
      );
      const updated = await pods.update({ ...status, status: { ...status["status"], conditions } } as Thing, "status");
      const told = (updated["status"].conditions as readonly Thing[]).filter(isReady);
      assert.deepEqual(
        told.map((condition) => condition["status"]),
        ["False", "False"],
      );
      await pods.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
      await watch.until(({ type }) => type === "DELETED");
      watch.stop();
      await isRefused(pods.get("pod-test"), 404);
    });

    test("should patch a pod status", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await pods.create({ metadata: { name: "pod" }, spec: { containers: [container] } });
      const status = { message: "Patched by e2e test", reason: "E2E" };
      const body = { metadata: { annotations: { patchedstatus: "true" } }, status };
      const patched = await pods.patch("pod", "merge", body, { subresource: "status" });
      assert.partialDeepStrictEqual(patched["status"], status);
    });

    test("pod generation should start at 1 and increment per update", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const initContainers = [{ name: "init-container", image: "busybox" }];
      const created = await pods.create({
        metadata: { name: "pod" },
        spec: { containers: [container], initContainers },
      });
      assert.equal(created.metadata.generation, 1);
      await runs(pods, "pod");
      const toleration = { key: "foo", operator: "Equal", value: "bar", effect: "NoSchedule" };
      let generation = 1;
      const changes: readonly (readonly [(draft: Thing) => unknown, bumps: boolean])[] = [
        [() => {}, false],
        [({ spec }) => Object.assign(spec, { tolerations: [toleration] }), true],
        [({ spec }) => Object.assign(spec, { activeDeadlineSeconds: 5_000 }), true],
        [({ spec }) => Object.assign(spec.containers[0], { image: "nginx" }), true],
        [({ spec }) => Object.assign(spec.initContainers[0], { image: "pause" }), true],
        [({ metadata }) => Object.assign(metadata, { annotations: { key: "value" } }), false],
        [({ metadata }) => Object.assign(metadata, { generation: 1 }), false],
      ];
      for (const [change, bumps] of changes) {
        await pods.change("pod", (draft) => void change(draft));
        if (bumps) generation++;
        assert.equal((await pods.get("pod")).metadata.generation, generation);
      }
    });

    test("custom-set generation on new pods and graceful delete", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const metadata = { name: "pod", generation: 100 };
      const created = await pods.create({ metadata, spec: { nodeName: "elsewhere", containers: [container] } });
      assert.equal(created.metadata.generation, 1);
      const answer = await use.admin.call({ method: "DELETE", path: `${pods.path}/pod?gracePeriodSeconds=60` });
      assert.equal(answer.status, 200);
      assert.equal((answer.json as Thing).metadata["deletionGracePeriodSeconds"], 60);
      assert.equal((await pods.get("pod")).metadata.generation, 2);
    });

    test("issue 500 podspec updates and verify generation and observedGeneration eventually converge", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      await pods.create({ metadata: { name: "pod" }, spec: { containers: [container], activeDeadlineSeconds: 5_000 } });
      await runs(pods, "pod");
      for (let i = 1; i < 100; i++)
        await pods.change("pod", ({ spec }) => Object.assign(spec, { activeDeadlineSeconds: 5_000 - i }));
      assert.equal((await pods.get("pod")).metadata.generation, 100);
    });

    test("should be set on Pods with matching resource requests and limits for memory and cpu", async () => {
      const pods = use.typed("pods", await use.makeNamespace());
      const amounts = { cpu: "100m", memory: "100Mi" };
      const resources = { requests: amounts, limits: amounts };
      const pod = await pods.create({ metadata: { name: "pod" }, spec: { containers: [{ ...container, resources }] } });
      assert.equal(pod["status"].qosClass, "Guaranteed");
    });

    test("should create a LimitRange with defaults and ensure pod has those defaults applied.", async () => {
      const namespace = await use.makeNamespace();
      const ranges = use.typed("limitranges", namespace);
      const pods = use.typed("pods", namespace);
      const of = (cpu?: string, memory?: string, storage?: string): object => ({
        ...(cpu && { cpu }),
        ...(memory && { memory }),
        ...(storage && { "ephemeral-storage": storage }),
      });
      const [most, defaultRequest] = [of("500m", "500Mi", "500Gi"), of("100m", "200Mi", "200Gi")];
      const limit = { type: "Container", min: of("50m", "100Mi", "100Gi"), max: most, default: most, defaultRequest };
      const watch = await ranges.watch();
      const created = await ranges.create({
        metadata: { name: "limit-range" },
        spec: { limits: [{ ...limit, maxLimitRequestRatio: {} }] },
      });
      await watch.expect("ADDED");
      watch.stop();
      const pod = (name: string, requests: object = {}, limits: object = {}): Promise<Thing> =>
        pods.create({ metadata: { name }, spec: { containers: [{ ...container, resources: { requests, limits } }] } });
      const resourcesOf = (made: Thing): unknown => made["spec"].containers[0].resources;
      assert.deepEqual(resourcesOf(await pod("pod-no-resources")), { requests: defaultRequest, limits: most });
      assert.deepEqual(resourcesOf(await pod("pod-partial-resources", of("", "150Mi", "150Gi"), of("300m"))), {
        requests: of("300m", "150Mi", "150Gi"),
        limits: of("300m", "500Mi", "500Gi"),
      });
      const [small, large] = [of("10m", "50Mi", "50Gi"), of("600m", "600Mi", "600Gi")];
      await isRefused(pod("pfpod", small), 403, /minimum cpu usage per Container is 50m, but request is 10m/);
      await isRefused(pod("pfpod", large), 422);
      const min = of("9m", "49Mi", "49Gi");
      await ranges.update({ ...created, spec: { limits: [{ ...limit, min }] } } as Thing);
      assert.deepEqual((await ranges.get("limit-range"))["spec"].limits[0].min, min);
      await pod("pfpod", small);
      await isRefused(pod("pfpod2", large), 422);
      await ranges.delete("limit-range", { gracePeriodSeconds: 30 });
      await isRefused(ranges.get("limit-range"), 404);
      await pod("pfpod2", large);
    });

    test("should run through the lifecycle of a node", async () => {
      const nodes = use.typed("nodes");
      const status = {
        phase: "Running",
        conditions: [{ type: "Ready", status: "True", reason: "E2E", message: "Set from e2e test" }],
      };
      const created = await nodes.create({ metadata: { name: "fake" }, spec: { unschedulable: true }, status });
      assert.partialDeepStrictEqual(created["status"], status);
      const patched = await nodes.patch("fake", "strategic", { metadata: { labels: { fake: "patched" } } });
      assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
      assert.equal((await nodes.list({ labelSelector: "fake=patched" })).items.length, 1);
      await nodes.change("fake", ({ metadata }) => Object.assign(metadata.labels ?? {}, { fake: "updated" }));
      assert.ok(hasLabels(await nodes.get("fake"), { fake: "updated" }));
      await nodes.delete("fake");
      await isRefused(nodes.get("fake"), 404);
    });

    test("verify PriorityClass endpoints can be operated with different HTTP methods", async () => {
      const classes = use.typed("priorityclasses");
      const [first, second] = [
        await classes.create({ metadata: { name: "p1" }, value: 1_000 }),
        await classes.create({ metadata: { name: "p2" }, value: 2_000 }),
      ];
      await isRefused(classes.patch("p1", "strategic", { value: 10_000 }), 422);
      await isRefused(classes.update({ ...second, value: 20_000 } as Thing), 422);
      await classes.patch("p1", "strategic", { description: "updated description" });
      await classes.update({ ...second, description: "updated description" } as Thing);
      await classes.list();
      for (const one of [first, second]) {
        const live = await classes.get(one.metadata.name);
        assert.deepEqual([live["value"], live["description"]], [one["value"], "updated description"]);
        assert.ok(BigInt(live.metadata.resourceVersion) > BigInt(one.metadata.resourceVersion));
      }
    });
  },
  { nodes: ["node-1"] },
);
