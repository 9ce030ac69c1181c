import assert from "node:assert/strict";
import { test } from "node:test";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing, TypedResource } from "../../support/typed-client.ts";
import { describeUpstream } from "../../support/upstream.ts";

/**
 * What upstream's tests of the lifecycle of cluster-wide storage objects do: one is created, read, patched, found by its
 * label and deleted; another is updated and deleted with its collection.
 */
async function livesAndDies(resource: TypedResource, make: (name: string) => object): Promise<void> {
  const created = await resource.create(make("e2e-first"));
  const { name } = created.metadata;
  assert.equal((await resource.get(name)).metadata.uid, created.metadata.uid);
  await isRefused(resource.create({ ...make("e2e-first"), metadata: { name } }), 409);
  const patched = await resource.patch(name, "strategic", { metadata: { labels: { [name]: "patched" } } });
  assert.equal(patched.metadata.labels?.[name], "patched");
  assert.ok(BigInt(patched.metadata.resourceVersion) > BigInt(created.metadata.resourceVersion));
  const patchedOnes = { labelSelector: `${name}=patched` };
  assert.equal((await resource.list(patchedOnes)).items.length, 1);
  await resource.delete(name);
  assert.deepEqual((await resource.list(patchedOnes)).items, []);
  const second = await resource.create(make("e2e-second"));
  const updated = await resource.change(second.metadata.name, (draft) =>
    Object.assign(draft.metadata, { labels: { [second.metadata.name]: "updated" } }),
  );
  assert.equal(updated.metadata.labels?.[second.metadata.name], "updated");
  const updatedOnes = { labelSelector: `${second.metadata.name}=updated` };
  await resource.deleteCollection(updatedOnes);
  assert.deepEqual((await resource.list(updatedOnes)).items, []);
}

const attachment = (name: string): object => ({
  // A uid that a client sends is not the object's.
  metadata: { uid: name, name },
  spec: { attacher: "e2e-test.storage.k8s.io", nodeName: "node-1", source: { persistentVolumeName: `pv-${name}` } },
  status: { attached: false },
});

const lifecycles: Readonly<Record<string, readonly [resource: string, make: (name: string) => object]>> = {
  "should run through the lifecycle of a csinode": [
    "csinodes",
    (name) => ({ metadata: { name }, spec: { drivers: [] } }),
  ],
  "should run through the lifecycle of a CSIDriver": [
    "csidrivers",
    (name) => ({
      metadata: { name },
      spec: { volumeLifecycleModes: ["Persistent", "Ephemeral"], fsGroupPolicy: "ReadWriteOnceWithFSType" },
    }),
  ],
  "should run through the lifecycle of a StorageClass": [
    "storageclasses",
    (name) => ({ metadata: { generateName: `${name}-` }, provisioner: "e2e-fake-provisioner" }),
  ],
  "should run through the lifecycle of a VolumeAttributesClass": [
    "volumeattributesclasses",
    (name) => ({
      metadata: { generateName: `${name}-` },
      driverName: "e2e-fake-csi-driver",
      parameters: { foo: "bar" },
    }),
  ],
  "should run through the lifecycle of a VolumeAttachment": ["volumeattachments", attachment],
};

describeUpstream("Storage", (use) => {
  for (const [title, [resource, make]] of Object.entries(lifecycles)) {
    test(title, () => livesAndDies(use.typed(resource), make));
  }

  test("should apply changes to a volumeattachment status", async () => {
    const attachments = use.typed("volumeattachments");
    const created = await attachments.create(attachment("status"));
    assert.notEqual(created.metadata.uid, "status");
    assert.equal((await use.dynamic("volumeattachments").get("status/status"))["status"].attached, false);
    const patch = { status: { attached: true } };
    const patched = await attachments.patch("status", "merge", patch, { subresource: "status" });
    assert.equal(patched["status"].attached, true);
    const updated = await attachments.change(
      "status",
      ({ status }) => Object.assign(status, { attached: false }),
      "status",
    );
    assert.equal(updated["status"].attached, false);
    await attachments.delete("status");
    await isRefused(attachments.get("status"), 404);
  });

  const volume = (namespace: string): object => ({
    metadata: { generateName: `${namespace}-`, labels: { "e2e-pv-pool": namespace } },
    spec: {
      persistentVolumeReclaimPolicy: "Retain",
      capacity: { storage: "2Gi" },
      csi: { driver: "inline-driver", volumeHandle: "e2e-conformance" },
      accessModes: ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
      storageClassName: namespace,
    },
  });
  const claim = (namespace: string): object => ({
    metadata: { generateName: "pvc-" },
    spec: {
      accessModes: ["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"],
      resources: { requests: { storage: "1Gi" } },
      storageClassName: namespace,
    },
  });

  test("should apply changes to a pv/pvc status", async () => {
    const namespace = await use.makeNamespace();
    const [volumes, claims] = [use.typed("persistentvolumes"), use.typed("persistentvolumeclaims", namespace)];
    const { name: pv } = (await volumes.create(volume(namespace))).metadata;
    const { name: pvc } = (await claims.create(claim(namespace))).metadata;
    assert.equal((await volumes.list({ labelSelector: `e2e-pv-pool=${namespace}` })).items.length, 1);
    const readClaim = await use.dynamic("persistentvolumeclaims", namespace).get(`${pvc}/status`);
    assert.match(readClaim["status"].phase, /^(?:Pending|Bound)$/);
    const readVolume = await use.dynamic("persistentvolumes").get(`${pv}/status`);
    assert.match(readVolume["status"].phase, /^(?:Available|Bound|Pending)$/);
    const below = { subresource: "status" };
    const condition = {
      type: "StatusPatched",
      status: "True",
      reason: "E2E patchedStatus",
      message: "Set from e2e test",
    };
    const patchedClaim = await claims.patch(pvc, "merge", { status: { conditions: [condition] } }, below);
    assert.partialDeepStrictEqual(patchedClaim["status"].conditions, [condition]);
    const told = { message: "StatusPatched", reason: "E2E patchStatus" };
    assert.partialDeepStrictEqual((await volumes.patch(pv, "merge", { status: told }, below))["status"], told);
    const next = { type: "StatusUpdated", status: "True", reason: "E2E updateStatus", message: "Set from e2e test" };
    const updatedClaim = await claims.change(pvc, ({ status }) => void status.conditions.push(next), "status");
    assert.partialDeepStrictEqual(updatedClaim["status"].conditions, [condition, next]);
    const set = { message: "StatusUpdated", reason: "E2E updateStatus" };
    const updated = await volumes.change(pv, ({ status }: Thing) => Object.assign(status, set), "status");
    assert.partialDeepStrictEqual(updated["status"], set);
  });

  test("should run through the lifecycle of a PV and a PVC", async () => {
    const namespace = await use.makeNamespace();
    const [volumes, claims] = [use.typed("persistentvolumes"), use.typed("persistentvolumeclaims", namespace)];
    const pool = { labelSelector: `e2e-pv-pool=${namespace}` };
    const make = async () => [await volumes.create(volume(namespace)), await claims.create(claim(namespace))] as const;
    const made = await make();
    for (const [i, resource] of [volumes, claims].entries()) {
      const { name, uid } = made[i]!.metadata;
      const patched = await resource.patch(name, "strategic", { metadata: { labels: { [name]: "patched" } } });
      assert.equal(patched.metadata.labels?.[name], "patched");
      assert.equal((await resource.get(name)).metadata.uid, uid);
    }
    await claims.delete(made[1].metadata.name);
    await eventually(async () => assert.deepEqual((await claims.list()).items, []), { timeoutMs: 5_000 });
    await volumes.delete(made[0].metadata.name);
    await eventually(async () => assert.deepEqual((await volumes.list(pool)).items, []), { timeoutMs: 5_000 });
    const again = await make();
    for (const [i, resource] of [volumes, claims].entries()) {
      const { name } = again[i]!.metadata;
      await resource.change(name, ({ metadata }) =>
        Object.assign(metadata, { labels: { ...metadata.labels, [name]: "updated" } }),
      );
      const updatedOnes = { labelSelector: `${name}=updated` };
      assert.equal((await resource.list(updatedOnes)).items.length, 1);
    }
    await claims.deleteCollection({ labelSelector: `${again[1].metadata.name}=updated` });
    await eventually(async () => assert.deepEqual((await claims.list()).items, []), { timeoutMs: 5_000 });
    await volumes.deleteCollection({ labelSelector: `${again[0].metadata.name}=updated` });
    await eventually(async () => assert.deepEqual((await volumes.list(pool)).items, []), { timeoutMs: 5_000 });
  });
});
