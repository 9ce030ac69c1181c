import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, establish } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

const containers = [{ name: "nginx", image: "nginx" }];
const template = (labels: object): object => ({
  metadata: { labels },
  spec: { terminationGracePeriodSeconds: 0, containers },
});
const replicationController = (name: string, replicas: number): object => ({
  metadata: { name },
  spec: { replicas, selector: { gctest: name }, template: template({ gctest: name }) },
});
const optionsOf = (propagationPolicy: string, { metadata }: Thing): object => ({
  propagationPolicy,
  preconditions: { uid: metadata.uid },
});

describeUpstream("Garbage collector", (use) => {
  const empty = (resource: TypedResource): Promise<unknown> =>
    eventually(async () => assert.deepEqual((await resource.list()).items, []), { timeoutMs: 10_000 });
  const withReplicas = async (controllers: TypedResource, name: string, replicas: number): Promise<Thing> => {
    const created = await controllers.create(replicationController(name, replicas));
    await eventually(async () => assert.equal((await controllers.get(name))["status"].replicas, replicas));
    return created;
  };

  test("should delete pods created by rc when not orphaning", async () => {
    const namespace = await use.makeNamespace();
    const [controllers, pods] = [use.typed("replicationcontrollers", namespace), use.typed("pods", namespace)];
    const created = await controllers.create(replicationController("simpletest.rc", 2));
    await eventually(async () => assert.ok((await pods.list()).items.length > 0));
    await isRefused(
      controllers.delete("simpletest.rc", { ...optionsOf("Background", created), preconditions: { uid: "other" } }),
      409,
    );
    await controllers.delete("simpletest.rc", optionsOf("Background", created));
    await empty(controllers);
    await empty(pods);
  });

  for (const [title, options] of [
    ["should orphan pods created by rc if delete options say so", "Orphan"],
    ["should orphan pods created by rc if deleteOptions.OrphanDependents is nil", undefined],
  ] as const) {
    test(title, async () => {
      const namespace = await use.makeNamespace();
      const [controllers, pods] = [use.typed("replicationcontrollers", namespace), use.typed("pods", namespace)];
      const created = await withReplicas(controllers, "simpletest.rc", 10);
      const preconditions = { uid: created.metadata.uid };
      await controllers.delete(
        "simpletest.rc",
        options === undefined ? { preconditions } : optionsOf(options, created),
      );
      await empty(controllers);
      await eventually(async () => {
        const { items } = await pods.list();
        assert.equal(items.length, 10);
        for (const { metadata } of items) {
          assert.deepEqual([metadata.deletionTimestamp, metadata.ownerReferences], [undefined, undefined]);
        }
      });
    });
  }

  const deployment = (labels: object): object => ({
    metadata: { name: "simpletest.deployment" },
    spec: { replicas: 2, selector: { matchLabels: labels }, template: template(labels) },
  });

  test("should delete RS created by deployment when not orphaning", async () => {
    const namespace = await use.makeNamespace();
    const [deployments, sets] = [use.typed("deployments", namespace), use.typed("replicasets", namespace)];
    const created = await deployments.create(deployment({ gctest: "delete_rs" }));
    await eventually(async () => assert.equal((await sets.list()).items.length, 1));
    await deployments.delete("simpletest.deployment", optionsOf("Background", created));
    for (const resource of [deployments, sets, use.typed("pods", namespace)]) await empty(resource);
  });

  test("should orphan RS created by deployment when deleteOptions.PropagationPolicy is Orphan", async () => {
    const namespace = await use.makeNamespace();
    const [deployments, sets] = [use.typed("deployments", namespace), use.typed("replicasets", namespace)];
    const created = await deployments.create(deployment({ gctest: "orphan_rs" }));
    await eventually(async () => {
      const [set] = (await sets.list()).items;
      assert.deepEqual([set?.["status"].replicas, set?.["status"].observedGeneration], [2, set?.metadata.generation]);
    });
    await deployments.delete("simpletest.deployment", optionsOf("Orphan", created));
    await empty(deployments);
    const { items } = await sets.list();
    assert.equal(items.length, 1);
    assert.equal(items[0]?.metadata.ownerReferences, undefined);
    assert.equal((await use.typed("pods", namespace).list()).items.length, 2);
  });

  test("should keep the rc around until all its pods are deleted if the deleteOptions says so", async () => {
    const namespace = await use.makeNamespace();
    const [controllers, pods] = [use.typed("replicationcontrollers", namespace), use.typed("pods", namespace)];
    const created = await withReplicas(controllers, "simpletest.rc", 10);
    const [held] = (await pods.list()).items;
    const finalizers = ["example.com/held"];
    await pods.patch(held!.metadata.name, "merge", { metadata: { finalizers } });
    const marked = await controllers.delete("simpletest.rc", optionsOf("Foreground", created));
    assert.deepEqual(marked.metadata.finalizers, ["foregroundDeletion"]);
    await eventually(async () => {
      const { items } = await pods.list();
      assert.deepEqual(
        items.map(({ metadata }) => metadata.name),
        [held!.metadata.name],
      );
      assert.ok(items[0]?.metadata.deletionTimestamp);
    });
    assert.ok((await controllers.get("simpletest.rc")).metadata.deletionTimestamp);
    await pods.patch(held!.metadata.name, "merge", { metadata: { finalizers: null } });
    await empty(controllers);
    assert.deepEqual((await pods.list()).items, []);
  });

  test("should not delete dependents that have both valid owner and owner that's waiting for dependents to be deleted", async () => {
    const namespace = await use.makeNamespace();
    const [controllers, pods] = [use.typed("replicationcontrollers", namespace), use.typed("pods", namespace)];
    const leaving = await withReplicas(controllers, "simpletest-rc-to-be-deleted", 10);
    const staying = await controllers.create(replicationController("simpletest-rc-to-stay", 0));
    const { name, uid } = staying.metadata;
    const shared = (await pods.list()).items.slice(0, 5).map(({ metadata }) => metadata.name);
    for (const pod of shared) {
      const ownerReferences = [{ apiVersion: "v1", kind: "ReplicationController", name, uid }];
      const patched = await pods.patch(pod, "strategic", { metadata: { ownerReferences } });
      assert.equal(patched.metadata.ownerReferences?.length, 2);
    }
    await controllers.delete("simpletest-rc-to-be-deleted", optionsOf("Foreground", leaving));
    await eventually(() => isRefused(controllers.get("simpletest-rc-to-be-deleted"), 404), { timeoutMs: 10_000 });
    const { items } = await pods.list();
    assert.deepEqual(items.map(({ metadata }) => metadata.name).sort(), shared.toSorted());
    for (const { metadata } of items) {
      assert.deepEqual(
        [metadata.deletionTimestamp, metadata.ownerReferences?.map(({ uid: owner }: { uid: string }) => owner)],
        [undefined, [uid]],
      );
    }
  });

  test("should not be blocked by dependency circle", async () => {
    const pods = use.typed("pods", await use.makeNamespace());
    const made: Thing[] = [];
    for (const name of ["pod1", "pod2", "pod3"]) {
      made.push(await pods.create({ metadata: { name }, spec: { terminationGracePeriodSeconds: 0, containers } }));
    }
    for (const [i, { metadata }] of made.entries()) {
      const { name, uid } = made[(i + 2) % 3]!.metadata;
      const owner = { apiVersion: "v1", kind: "Pod", name, uid, controller: true, blockOwnerDeletion: true };
      await pods.patch(metadata.name, "strategic", { metadata: { ownerReferences: [owner] } });
    }
    await pods.delete("pod1", optionsOf("Foreground", made[0]!));
    await empty(pods);
  });

  test("should support cascading deletion of custom resources", async () => {
    await establish(use.admin, definitionOf("Owner", [{ name: "v1" }], { scope: "Cluster" }));
    const target = { group: "example.com", version: "v1", kind: "Owner", plural: "owners" };
    const owners = use.dynamic(target);
    const { metadata } = await owners.create({ metadata: { name: "owner" } });
    const reference = { apiVersion: "example.com/v1", kind: "Owner", name: "owner", uid: metadata.uid };
    await owners.create({ metadata: { name: "dependent", ownerReferences: [reference] } });
    await owners.delete("owner", { propagationPolicy: "Background" });
    await owners.create({ metadata: { name: "canary" } });
    await owners.delete("canary", { propagationPolicy: "Foreground" });
    for (const name of ["canary", "dependent", "owner"]) {
      await eventually(() => isRefused(owners.get(name), 404), { timeoutMs: 10_000 });
    }
  });

  test("should support orphan deletion of custom resources", async () => {
    const owners = use.dynamic({ group: "example.com", version: "v1", kind: "Owner", plural: "owners" });
    const { metadata } = await owners.create({ metadata: { name: "owner" } });
    const reference = { apiVersion: "example.com/v1", kind: "Owner", name: "owner", uid: metadata.uid };
    await owners.create({ metadata: { name: "dependent", ownerReferences: [reference] } });
    await owners.delete("owner", { orphanDependents: true });
    await eventually(() => isRefused(owners.get("owner"), 404), { timeoutMs: 10_000 });
    assert.equal((await owners.get("dependent")).metadata.ownerReferences, undefined);
  });
});
