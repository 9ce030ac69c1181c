import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { isRefused } from "../../support/api-operations.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../../support/custom-resources.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

// test/integration/garbagecollector

const pod = (name: string, ownerReferences: readonly object[], finalizers: readonly string[] = []): object => ({
  metadata: { name, ownerReferences, finalizers },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "fake-name", image: "fakeimage" }] },
});
const reference = ({ metadata, kind, apiVersion }: Thing, more: object = {}): object => ({
  ...{ apiVersion, kind, name: metadata.name, uid: metadata.uid },
  ...more,
});
const foreground = { propagationPolicy: "Foreground" };
const missing = crypto.randomUUID();

describeUpstream("The garbage collector as integration tests ask of it", (use) => {
  interface Place {
    readonly controllers: TypedResource;
    readonly pods: TypedResource;
  }
  const place = async (): Promise<Place> => {
    const namespace = await use.makeNamespace();
    return { controllers: use.typed("replicationcontrollers", namespace), pods: use.typed("pods", namespace) };
  };
  const owner = ({ controllers }: Place, name: string, finalizers: readonly string[] = []): Promise<Thing> => {
    const template = { metadata: { labels: { name: "test" } }, spec: (pod("", []) as Thing)["spec"] };
    const spec = { replicas: 0, selector: { name: "test" }, template };
    return controllers.create({ metadata: { name, finalizers }, spec });
  };
  const gone = (all: TypedResource, name: string): Promise<unknown> =>
    eventually(() => isRefused(all.get(name), 404), { timeoutMs: 10_000 });
  const ownersOf = ({ metadata }: Thing): readonly string[] =>
    (metadata.ownerReferences ?? []).map(({ name }: { name: string }) => name);

  test("TestCrossNamespaceReferences", async () => {
    const [a, b] = [await use.makeNamespace(), await use.makeNamespace()];
    const parent = await use.typed("configmaps", b).create({ metadata: { name: "parent" } });
    const [ownSecrets, secrets, configMaps] = [
      use.typed("secrets", b),
      use.typed("secrets", a),
      use.typed("configmaps", a),
    ];
    for (let i = 0; i < 10; i++) {
      const ownerReferences = [reference(parent, { controller: false })];
      await ownSecrets.create({ metadata: { generateName: "child-", ownerReferences } });
    }
    const wrong = { apiVersion: "v1", kind: "Pod", name: "invalid", uid: parent.metadata.uid, controller: false };
    const many = Array.from({ length: 25 }, (_, i) => ({
      ...{ apiVersion: "test/v1", kind: `invalid${i}`, name: "invalid", uid: `invalid-${i}` },
    }));
    for (let i = 0; i < 5; i++) {
      const ownerReferences = [...many, wrong];
      await configMaps.create({ metadata: { generateName: "invalid-child-", ownerReferences } });
      await secrets.create({ metadata: { generateName: "invalid-child-a-", ownerReferences } });
      const labels = { "single-bad-reference": "true" };
      await secrets.create({ metadata: { generateName: "invalid-child-b-", labels, ownerReferences: [wrong] } });
    }
    const bad = { labelSelector: "single-bad-reference=true" };
    await eventually(async () => assert.deepEqual((await secrets.list(bad)).items, []));
    // Whose kinds nobody serves cannot be known to be gone.
    assert.equal((await secrets.list()).items.length, 5);
    assert.equal(
      (await configMaps.list({ labelSelector: "!x" })).items.filter(({ metadata }) => metadata.ownerReferences).length,
      5,
    );
    const late = await secrets.create({ metadata: { generateName: "invalid-child-c-", ownerReferences: [wrong] } });
    await gone(secrets, late.metadata.name);
    assert.equal((await ownSecrets.list()).items.length, 10);
  });

  test("TestCascadingDeletion", async () => {
    const at = await place();
    const [leaving, staying] = [await owner(at, "leaving"), await owner(at, "staying")];
    await at.pods.create(pod("garbage", [reference(leaving)]));
    await at.pods.create(pod("one-valid-owner", [reference(leaving), reference(staying)]));
    await at.pods.create(pod("independent", []));
    await at.controllers.delete("leaving", { orphanDependents: false });
    await gone(at.pods, "garbage");
    await eventually(async () => assert.deepEqual(ownersOf(await at.pods.get("one-valid-owner")), ["staying"]));
    assert.deepEqual(ownersOf(await at.pods.get("independent")), []);
  });

  test("TestCreateWithNonExistentOwner", async () => {
    const { pods } = await place();
    const lost = { apiVersion: "v1", kind: "ReplicationController", name: "none", uid: missing };
    await pods.create(pod("garbage", [lost]));
    await gone(pods, "garbage");
  });

  test("TestStressingCascadingDeletion", async () => {
    const at = await place();
    const collections = [
      ["1", [], {}],
      ["2", ["orphan"], {}],
      ["3", ["orphan"], { orphanDependents: false }],
      ["4", [], { orphanDependents: true }],
      ["5", [], { propagationPolicy: "Orphan" }],
    ] as const;
    const collect = async (name: string, finalizers: readonly string[], options: object): Promise<void> => {
      const made = await owner(at, name, finalizers);
      for (let i = 0; i < 3; i++) await at.pods.create(pod(`${name}-${i}`, [reference(made)]));
      await at.controllers.delete(name, options);
    };
    await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        collections.map(([name, finalizers, options]) => collect(`collection${name}-${i}`, finalizers, options)),
      ).flat(),
    );
    // A deletion through the API of v1 leaves dependents, where nothing else is asked for.
    await eventually(async () => {
      assert.deepEqual((await at.controllers.list()).items, []);
      const left = (await at.pods.list()).items;
      assert.equal(left.length, 120);
      for (const { metadata } of left) {
        assert.doesNotMatch(metadata.name, /^collection3-/);
        assert.equal(metadata.ownerReferences, undefined);
      }
    });
  });

  test("TestSolidOwnerDoesNotBlockWaitingOwner", async () => {
    const at = await place();
    const [leaving, staying] = [await owner(at, "leaving"), await owner(at, "staying")];
    await at.pods.create(pod("pod", [reference(leaving, { blockOwnerDeletion: true }), reference(staying)]));
    await at.controllers.delete("leaving", foreground);
    await gone(at.controllers, "leaving");
    assert.deepEqual(ownersOf(await at.pods.get("pod")), ["staying"]);
  });

  test("TestNonBlockingOwnerRefDoesNotBlock", async () => {
    const at = await place();
    const leaving = await owner(at, "leaving");
    await at.pods.create(pod("pod1", [reference(leaving)], ["x/y"]));
    await at.pods.create(pod("pod2", [reference(leaving, { blockOwnerDeletion: false })], ["x/y"]));
    await at.controllers.delete("leaving", foreground);
    await gone(at.controllers, "leaving");
    assert.equal((await at.pods.list()).items.length, 2);
    await eventually(async () => {
      for (const { metadata } of (await at.pods.list()).items) assert.ok(metadata.deletionTimestamp);
    });
  });

  test("TestDoubleDeletionWithFinalizer", async () => {
    const { pods } = await place();
    await pods.create(pod("lucy", [], ["x/y"]));
    for (let i = 0; i < 2; i++) {
      await pods.delete("lucy", foreground);
      await eventually(async () => assert.deepEqual((await pods.get("lucy")).metadata.finalizers, ["x/y"]));
    }
    await pods.patch("lucy", "merge", { metadata: { finalizers: null } });
    await gone(pods, "lucy");
  });

  test("TestBlockingOwnerRefDoesBlock", async () => {
    const at = await place();
    const leaving = await owner(at, "leaving");
    await at.pods.create(pod("pod", [reference(leaving, { blockOwnerDeletion: true })], ["x/y"]));
    await at.controllers.delete("leaving", foreground);
    await eventually(async () => assert.ok((await at.pods.get("pod")).metadata.deletionTimestamp));
    await delay(500);
    const { metadata } = await at.controllers.get("leaving");
    assert.deepEqual(metadata.finalizers, ["foregroundDeletion"]);
    await at.pods.patch("pod", "merge", { metadata: { finalizers: null } });
    await gone(at.controllers, "leaving");
  });

  const kindOf = (kind: string) => ({ group: "example.com", version: "v1", kind, plural: `${kind.toLowerCase()}s` });

  test("TestCustomResourceCascadingDeletion, TestMixedRelationships", async () => {
    await establish(use.admin, definitionOf("Mixed", [{ name: "v1" }]));
    const namespace = await use.makeNamespace();
    const [customs, configMaps] = [use.dynamic(kindOf("Mixed"), namespace), use.dynamic("configmaps", namespace)];
    for (const [owners, dependents] of [
      [customs, customs],
      [customs, configMaps],
      [configMaps, customs],
    ] as const) {
      const made = await owners.create({ metadata: { name: "owner" } });
      await dependents.create({ metadata: { name: "dependent", ownerReferences: [reference(made)] } });
      await owners.delete("owner", foreground);
      await gone(owners, "owner");
      await isRefused(dependents.get("dependent"), 404);
    }
  });

  test("TestCRDDeletionCascading", async () => {
    const namespace = await use.makeNamespace();
    const configMaps = use.dynamic("configmaps", namespace);
    for (let pass = 0; pass < 2; pass++) {
      await establish(use.admin, definitionOf("Passing", [{ name: "v1" }]));
      const customs = use.dynamic(kindOf("Passing"), namespace);
      const made = await customs.create({ metadata: { name: "owner" } });
      await configMaps.create({ metadata: { name: "dependent", ownerReferences: [reference(made)] } });
      await delay(300);
      assert.equal((await configMaps.get("dependent")).metadata.name, "dependent");
      await withdraw(use.admin, "passings.example.com");
      await gone(configMaps, "dependent");
    }
  });

  test("TestCascadingDeleteOnCRDConversionFailure", async () => {
    const at = await place();
    const namespace = at.pods.path.split("/")[4]!;
    await establish(use.admin, definitionOf("Broken", [{ name: "v1beta2" }]));
    const customs = use.dynamic({ ...kindOf("Broken"), version: "v1beta2", plural: "brokens" }, namespace);
    await customs.create({ metadata: { name: "test" } });
    const clientConfig = { service: { name: "foobar", namespace } };
    const schema = { openAPIV3Schema: { type: "object" } };
    const spec = {
      conversion: { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1", "v1beta1"] } },
      versions: [
        { name: "v1", served: true, storage: true, schema },
        { name: "v1beta1", served: true, storage: false, schema },
        { name: "v1beta2", served: false, storage: false, schema },
      ],
    };
    const type = "application/merge-patch+json";
    const answer = await use.admin.call({
      ...{ method: "PATCH", path: `${definitionsPath}/brokens.example.com` },
      ...{ headers: { "content-type": type }, body: Buffer.from(JSON.stringify({ spec })) },
    });
    assert.equal(answer.status, 200, answer.text);
    await delay(300);
    const leaving = await owner(at, "leaving");
    await at.pods.create(pod("garbage", [reference(leaving)]));
    await at.controllers.delete("leaving", { orphanDependents: false });
    await gone(at.pods, "garbage");
  });

  test("TestClusterScopedOwners", async () => {
    const configMaps = use.typed("configmaps", await use.makeNamespace());
    const spec = { hostPath: { path: "/foo" }, capacity: { storage: "1Gi" }, accessModes: ["ReadWriteMany"] };
    const volume = await use.typed("persistentvolumes").create({ metadata: { name: "pv-valid" }, spec });
    const make = (name: string, owned: object): Promise<Thing> =>
      configMaps.create({ metadata: { name, ownerReferences: [owned] } });
    await make("cm-valid", reference(volume));
    await make("cm-missing", { apiVersion: "v1", kind: "PersistentVolume", name: "missing-name", uid: missing });
    await make("cm-invalid", {
      apiVersion: "unknown.group/v1",
      kind: "UnknownType",
      name: "invalid-name",
      uid: "invalid-uid",
    });
    await gone(configMaps, "cm-missing");
    await delay(500);
    for (const name of ["cm-invalid", "cm-valid"]) assert.equal((await configMaps.get(name)).metadata.name, name);
  });
});
