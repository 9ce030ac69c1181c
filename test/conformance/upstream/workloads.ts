import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream, hasLabels } from "../../support/upstream.ts";

const templateOf = (labels: object, image = "agnhost"): object => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image }] },
});
/** An object of apps/v1, or a ReplicationController by the same words. */
function workload(resource: string, name: string, labels: object, replicas?: number): object {
  const selector = resource === "replicationcontrollers" ? labels : { matchLabels: labels };
  const count = replicas === undefined ? {} : { replicas };
  return { metadata: { name, labels }, spec: { ...count, selector, template: templateOf(labels) } };
}
const statusCondition = { type: "StatusUpdate", status: "True", reason: "E2E", message: "Set from e2e test" };

describeUpstream(
  "Workloads",
  (use) => {
    const ready = (resource: TypedResource, name: string, replicas: number): Promise<Thing> =>
      eventually(async () => {
        const object = await resource.get(name);
        const { readyReplicas, numberReady } = object["status"];
        assert.equal(readyReplicas ?? numberReady, replicas);
        return object;
      });

    for (const [resource, title] of [
      ["deployments", "Deployment should have a working scale subresource"],
      ["replicasets", "Replicaset should have a working scale subresource"],
      ["replicationcontrollers", "should get and update a ReplicationController scale"],
    ] as const) {
      test(title, async () => {
        const all = use.typed(resource, await use.makeNamespace());
        await all.create(workload(resource, "test-new", { name: "sample-pod" }, 1));
        await ready(all, "test-new", 1);
        const scales = use.typed(resource, "");
        assert.ok(scales.path);
        const scale = await all.get("test-new/scale");
        assert.deepEqual([scale.apiVersion, scale.kind], ["autoscaling/v1", "Scale"]);
        assert.deepEqual([scale["spec"].replicas, scale["status"]], [1, { replicas: 1, selector: "name=sample-pod" }]);
        const { resourceVersion: _, ...metadata } = scale.metadata;
        const updated = await all.updateAs({ ...scale, metadata, spec: { replicas: 2 } } as unknown as Thing, "scale");
        assert.equal(updated["spec"].replicas, 2);
        assert.equal((await all.get("test-new"))["spec"].replicas, 2);
        // What Go makes of a Scale.
        const body = { metadata: { creationTimestamp: null }, spec: { replicas: 4 }, status: { replicas: 0 } };
        const patched = await all.patch("test-new", "strategic", body, { subresource: "scale" });
        assert.equal(patched["spec"].replicas, 4);
        await ready(all, "test-new", 4);
      });
    }

    for (const [resource, title] of [
      ["replicasets", "should list and delete a collection of ReplicaSets"],
      ["daemonsets", "should list and delete a collection of DaemonSets"],
    ] as const) {
      test(title, async () => {
        const all = use.typed(resource, await use.makeNamespace());
        const replicas = resource === "daemonsets" ? undefined : 3;
        await all.create(workload(resource, "test", { e2e: resource }, replicas));
        await ready(all, "test", replicas ?? 2);
        const labelSelector = `e2e=${resource}`;
        assert.equal((await use.typed(resource).list({ labelSelector })).items.length, 1);
        await all.deleteCollection({ labelSelector }, { gracePeriodSeconds: 1 });
        assert.deepEqual((await use.typed(resource).list({ labelSelector })).items, []);
      });
    }

    for (const [resource, title] of [
      ["deployments", "should validate Deployment Status endpoints"],
      ["replicasets", "should validate Replicaset Status endpoints"],
      ["daemonsets", "should verify changes to a daemon set status"],
    ] as const) {
      test(title, async () => {
        const namespace = await use.makeNamespace();
        const all = use.typed(resource, namespace);
        const labelSelector = `e2e-status=${resource}`;
        const { resourceVersion } = (await use.typed(resource).list({ labelSelector })).metadata;
        const replicas = resource === "daemonsets" ? undefined : 1;
        const created = await all.create(workload(resource, "test", { "e2e-status": resource }, replicas));
        await ready(all, "test", replicas ?? 2);
        const watch = await all.watch({ labelSelector, resourceVersion });
        const has = (type: string) =>
          watch.until(({ object }) => (object["status"].conditions ?? []).some((one: Thing) => one["type"] === type));
        assert.equal((await use.dynamic(resource, namespace).get("test/status")).metadata.uid, created.metadata.uid);
        const add = ({ status }: Thing): object =>
          Object.assign(status, { conditions: [...(status.conditions ?? []), statusCondition] });
        const updated = await all.change("test", add, "status");
        assert.partialDeepStrictEqual(updated["status"].conditions.at(-1), statusCondition);
        await has("StatusUpdate");
        const conditions = [{ type: "StatusPatched", status: "True" }];
        const patched = await all.patch("test", "merge", { status: { conditions } }, { subresource: "status" });
        assert.deepEqual(
          patched["status"].conditions.map(({ type }: Thing) => type),
          ["StatusPatched"],
        );
        await has("StatusPatched");
        watch.stop();
      });
    }

    test("Replace and Patch tests", async () => {
      const namespace = await use.makeNamespace();
      const sets = use.typed("replicasets", namespace);
      const labelSelector = "test-rs=patched";
      const { resourceVersion } = (await use.typed("replicasets").list({ labelSelector })).metadata;
      const created = await sets.create(workload("replicasets", "test-rs", { name: "sample-pod" }, 1));
      await ready(sets, "test-rs", 1);
      await sets.change("test-rs", ({ spec }) => Object.assign(spec, { replicas: 2 }));
      const containers = [{ name: "main", image: "pause" }];
      const template = { spec: { terminationGracePeriodSeconds: 0, containers } };
      const body = { metadata: { labels: { "test-rs": "patched" } }, spec: { replicas: 3, template } };
      const patched = await sets.patch("test-rs", "strategic", body);
      assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
      const watch = await sets.watch({ labelSelector, resourceVersion });
      await watch.until(({ object: { metadata, status, spec } }) => {
        assert.equal(metadata.labels?.["test-rs"], "patched");
        return (
          status.readyReplicas === 3 &&
          status.availableReplicas === 3 &&
          spec.template.spec.containers[0].image === "pause"
        );
      });
      watch.stop();
    });

    for (const [resource, title] of [
      ["replicasets", "should adopt matching pods on creation and release no longer matching pods"],
      ["replicationcontrollers", "should adopt matching pods on creation"],
      ["replicationcontrollers", "should release no longer matching pods"],
    ] as const) {
      test(title, async () => {
        const namespace = await use.makeNamespace();
        const [pods, all] = [use.typed("pods", namespace), use.typed(resource, namespace)];
        const labels = { name: "pod-adoption" };
        await pods.create({
          metadata: { name: "pod-adoption", labels },
          spec: { containers: [{ name: "main", image: "agnhost" }] },
        });
        const { uid } = (await all.create(workload(resource, "adopter", labels, 1))).metadata;
        const owners = async (): Promise<unknown> =>
          (await pods.get("pod-adoption")).metadata.ownerReferences?.map(
            (owner: { uid: string; controller?: boolean }) => [owner.uid, owner.controller],
          );
        await eventually(async () => assert.deepEqual(await owners(), [[uid, true]]));
        assert.equal((await pods.list()).items.length, 1);
        await pods.patch("pod-adoption", "strategic", { metadata: { labels: { name: "not-matching-name" } } });
        await eventually(async () => assert.equal(await owners(), undefined));
        await eventually(async () =>
          assert.equal((await pods.list({ labelSelector: "name=pod-adoption" })).items.length, 1),
        );
      });
    }

    for (const [resource, title] of [
      ["replicationcontrollers", "should surface a failure condition on a common issue like exceeded quota"],
      ["replicasets", "ReplicaSet should surface a failure condition on a common issue like exceeded quota"],
    ] as const) {
      test(title, async () => {
        const namespace = await use.makeNamespace();
        const all = use.typed(resource, namespace);
        await use
          .typed("resourcequotas", namespace)
          .create({ metadata: { name: "condition-test" }, spec: { hard: { pods: "2" } } });
        await eventually(async () => {
          const { status } = await use.typed("resourcequotas", namespace).get("condition-test");
          assert.deepEqual(status.used, { pods: "0" });
        });
        await all.create(workload(resource, "condition-test", { name: "condition-test" }, 3));
        const failure = async (): Promise<Thing | undefined> =>
          ((await all.get("condition-test"))["status"].conditions ?? []).find(
            ({ type }: Thing) => type === "ReplicaFailure",
          );
        const found = await eventually(async () => {
          const condition = await failure();
          assert.ok(condition);
          return condition;
        });
        assert.deepEqual([found["status"], found["reason"]], ["True", "FailedCreate"]);
        assert.match(found["message"], /exceeded quota/);
        await all.change("condition-test", ({ spec }) => Object.assign(spec, { replicas: 2 }));
        await eventually(async () => assert.equal(await failure(), undefined));
      });
    }

    test("should test the lifecycle of a ReplicationController", async () => {
      const namespace = await use.makeNamespace();
      const all = use.typed("replicationcontrollers", namespace);
      const labelSelector = "test-rc-static=true";
      const { resourceVersion } = (await use.typed("replicationcontrollers").list({ labelSelector })).metadata;
      await all.create(workload("replicationcontrollers", "rc-test", { "test-rc-static": "true" }, 1));
      const watch = await all.watch({ labelSelector, resourceVersion });
      await watch.expect("ADDED");
      await watch.until(({ object }) => object["status"].replicas === 1 && object["status"].readyReplicas === 1);
      await all.patch("rc-test", "strategic", { metadata: { labels: { "test-rc": "patched" } } });
      await watch.until(({ object }) => hasLabels(object, { "test-rc": "patched" }));
      const below = { subresource: "status" };
      const status = { readyReplicas: 0, availableReplicas: 0 };
      await all.patch("rc-test", "strategic", { status }, below);
      await watch.until(({ object }) => !object["status"].readyReplicas);
      assert.ok((await use.dynamic("replicationcontrollers", namespace).get("rc-test/status"))["status"]);
      const body = { metadata: { labels: { "test-rc": "patched" } }, spec: { replicas: 2 } };
      await all.patch("rc-test", "strategic", body, { subresource: "scale" });
      await watch.until(({ object }) => object["spec"].replicas === 2 && object["status"].readyReplicas === 2);
      const list = await use.typed("replicationcontrollers").list({ labelSelector });
      assert.deepEqual(
        list.items.map(({ metadata }) => metadata.name),
        ["rc-test"],
      );
      await all.change("rc-test", ({ spec }) => Object.assign(spec, { replicas: 1 }));
      await watch.until(({ object }) => object["spec"].replicas === 1 && object["status"].replicas === 1);
      await all.deleteCollection({ labelSelector });
      await watch.until(({ type }) => type === "DELETED");
      watch.stop();
      await isRefused(all.get("rc-test"), 404);
    });

    test("should run the lifecycle of a Deployment", async () => {
      const namespace = await use.makeNamespace();
      const all = use.typed("deployments", namespace);
      const labelSelector = "test-deployment-static=true";
      const { resourceVersion } = (await use.typed("deployments").list({ labelSelector })).metadata;
      const labels = { "test-deployment-static": "true" };
      await all.create(workload("deployments", "test-deployment", labels, 2));
      const watch = await all.watch({ labelSelector, resourceVersion });
      await watch.expect("ADDED");
      const available = (replicas: number) =>
        watch.until(({ object: { spec, status } }) => spec.replicas === replicas && status.readyReplicas === replicas);
      await available(2);
      const body = {
        metadata: { labels: { "test-deployment": "patched" } },
        spec: {
          replicas: 1,
          template: { spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "pause" }] } },
        },
      };
      await all.patch("test-deployment", "strategic", body);
      await watch.until(({ object }) => hasLabels(object, { "test-deployment": "patched" }));
      await watch.until(
        ({ object: { status } }) => status.updatedReplicas === 1 && status.readyReplicas === 1 && status.replicas === 1,
      );
      const listed = await use.typed("deployments").list({ labelSelector });
      assert.deepEqual(
        listed.items.map(({ metadata }) => metadata.name),
        ["test-deployment"],
      );
      const dynamic = use.dynamic("deployments", namespace);
      await dynamic.change("test-deployment", ({ metadata, spec }) => {
        Object.assign(metadata, { labels: { ...metadata.labels, "test-deployment": "updated" } });
        Object.assign(spec, { replicas: 2 });
      });
      await available(2);
      assert.equal((await dynamic.get("test-deployment/status"))["status"].readyReplicas, 2);
      const none = {
        metadata: { labels: { "test-deployment": "patched-status" } },
        status: { readyReplicas: 0, availableReplicas: 0 },
      };
      const told = await dynamic.patch("test-deployment", "strategic", none, { subresource: "status" });
      assert.deepEqual([told["status"].readyReplicas, told["status"].availableReplicas], [undefined, undefined]);
      assert.equal(told.metadata.labels?.["test-deployment"], "updated");
      await watch.until(({ object: { status } }) => !status.readyReplicas && !status.availableReplicas);
      await available(2);
      await all.deleteCollection({ labelSelector });
      await watch.until(({ type }) => type === "DELETED");
      watch.stop();
    });

    test("should manage the lifecycle of a ControllerRevision", async () => {
      const namespace = await use.makeNamespace();
      const sets = use.typed("daemonsets", namespace);
      const labels = { "daemonset-name": "e2e" };
      const labelSelector = "daemonset-name=e2e";
      const set = await sets.create(workload("daemonsets", "e2e", labels));
      await ready(sets, "e2e", 2);
      const revisions = use.typed("controllerrevisions", namespace);
      const counts = (count: number): Promise<readonly Thing[]> =>
        eventually(async () => {
          const { items } = await use.typed("controllerrevisions").list({ labelSelector });
          assert.equal(items.length, count);
          return items;
        });
      const [initial] = await counts(1);
      const [owner] = initial!.metadata.ownerReferences as unknown as { kind: string; uid: string }[];
      assert.deepEqual([owner!.kind, owner!.uid], ["DaemonSet", set.metadata.uid]);
      const { name } = initial!.metadata;
      const patched = await revisions.patch(name, "strategic", { metadata: { labels: { [name]: "patched" } } });
      assert.ok(hasLabels(patched, { [name]: "patched" }));
      await revisions.create({
        metadata: {
          name: "e2e-next",
          labels: { ...labels, "controller-revision-hash": "next" },
          ownerReferences: initial!.metadata.ownerReferences,
        },
        data: initial!["data"],
        revision: initial!["revision"] + 1,
      });
      await counts(2);
      await revisions.delete(name);
      const [current] = await counts(1);
      const { name: second } = current!.metadata;
      await revisions.change(second, ({ metadata }) => Object.assign(metadata.labels ?? {}, { [second]: "updated" }));
      const spec = { template: { spec: { terminationGracePeriodSeconds: 1 } } };
      await sets.patch("e2e", "strategic", { spec, updateStrategy: { type: "RollingUpdate" } });
      await counts(2);
      await revisions.deleteCollection({ labelSelector: `${second}=updated` });
      const [last] = await counts(1);
      assert.equal(last!["revision"], 3);
    });
  },
  { nodes: ["node-1", "node-2"] },
);
