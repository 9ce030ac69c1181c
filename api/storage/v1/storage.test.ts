import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { CSIDriver } from "./csi-driver.ts";
import { CSINode } from "./csi-node.ts";
import { CSIStorageCapacity } from "./csi-storage-capacity.ts";
import { StorageClass } from "./storage-class.ts";
import { VolumeAttachment } from "./volume-attachment.ts";
import { VolumeAttributesClass } from "./volume-attributes-class.ts";

test("what a storage class makes never changes", () => {
  const good = { provisioner: "example.com/p", parameters: { a: "b" } };
  const old = decoded(StorageClass, good);
  assert.deepEqual(problems(StorageClass, good), []);
  assert.deepEqual(problems(StorageClass, { ...good, allowVolumeExpansion: true }, old), []);
  assert.deepEqual(problems(StorageClass, { provisioner: "example.com/q", reclaimPolicy: "Retain" }, old), [
    "parameters: Invalid value: null: field is immutable",
    'provisioner: Invalid value: "example.com/q": field is immutable',
    'reclaimPolicy: Invalid value: "Retain": field is immutable',
  ]);
  assert.deepEqual(problems(StorageClass, { reclaimPolicy: "Keep", volumeBindingMode: "Never" }), [
    "provisioner: Required value",
    'reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"',
    'volumeBindingMode: Unsupported value: "Never": supported values: "Immediate", "WaitForFirstConsumer"',
  ]);
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  const cells = row(StorageClass, decoded(StorageClass, { ...good, metadata: { name: "fast", annotations } }));
  assert.deepEqual(
    [cells["Name"], cells["ReclaimPolicy"], cells["VolumeBindingMode"], cells["AllowVolumeExpansion"]],
    ["fast (default)", "Delete", "Immediate", false],
  );
});

test("a driver asks for each token once, and keeps how it attaches", () => {
  const tokenRequests = [{ audience: "a" }, { audience: "a" }, { audience: "b", expirationSeconds: 1 }];
  assert.deepEqual(problems(CSIDriver, {}), []);
  assert.deepEqual(problems(CSIDriver, { spec: { tokenRequests, volumeLifecycleModes: ["Never"] } }), [
    'spec.tokenRequests[1].audience: Duplicate value: "a"',
    "spec.tokenRequests[2].expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes",
    'spec.volumeLifecycleModes: Unsupported value: "Never": supported values: "Persistent", "Ephemeral"',
  ]);
  assert.deepEqual(problems(CSIDriver, { spec: { attachRequired: false } }, decoded(CSIDriver, {})), [
    "spec.attachedRequired: Invalid value: false: field is immutable",
  ]);
  const cells = row(CSIDriver, decoded(CSIDriver, {}));
  assert.deepEqual([cells["AttachRequired"], cells["TokenRequests"], cells["Modes"]], [true, "<unset>", "Persistent"]);
});

test("a node's drivers are named once and keep what they say but for what they can hold", () => {
  const driver = { name: "d.example", nodeID: "n1" };
  const old = decoded(CSINode, { spec: { drivers: [driver] } });
  assert.deepEqual(problems(CSINode, { spec: { drivers: [{ ...driver, allocatable: { count: 3 } }] } }, old), []);
  assert.equal(problems(CSINode, { spec: { drivers: [{ ...driver, nodeID: "n2" }] } }, old).length, 1);
  assert.deepEqual(problems(CSINode, { spec: { drivers: [driver, { name: "d.example" }] } }), [
    "spec.drivers[1].nodeID: Required value",
    'spec.drivers[1].name: Duplicate value: "d.example"',
  ]);
});

test("what a capacity is of never changes", () => {
  const good = { storageClassName: "fast", nodeTopology: {}, capacity: "1Gi" };
  assert.deepEqual(problems(CSIStorageCapacity, good), []);
  assert.deepEqual(
    problems(CSIStorageCapacity, { ...good, storageClassName: "slow" }, decoded(CSIStorageCapacity, good)),
    ['storageClassName: Invalid value: "slow": field is immutable'],
  );
  assert.deepEqual(problems(CSIStorageCapacity, { ...good, capacity: "-1" }), [
    'capacity: Invalid value: "-1": must be greater than or equal to 0',
  ]);
});

test("an attachment is of one volume to one node, for good", () => {
  const good = { spec: { attacher: "d.example", nodeName: "n", source: { persistentVolumeName: "v" } } };
  assert.deepEqual(problems(VolumeAttachment, good), []);
  assert.deepEqual(problems(VolumeAttachment, { spec: { nodeName: "n" } }), [
    "spec.attacher: Required value",
    "spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName",
  ]);
  const moved = problems(VolumeAttachment, { spec: { ...good.spec, nodeName: "m" } }, decoded(VolumeAttachment, good));
  assert.match(moved[0]!, /^spec: Invalid value: .*: field is immutable$/);
});

test("attributes of a class never change", () => {
  const good = { driverName: "d.example", parameters: { a: "b" } };
  assert.deepEqual(problems(VolumeAttributesClass, good), []);
  assert.deepEqual(problems(VolumeAttributesClass, { driverName: "e.example" }, decoded(VolumeAttributesClass, good)), [
    "driverName: Forbidden: updates to driverName are forbidden.",
    "parameters: Forbidden: updates to parameters are forbidden.",
    "parameters: Required value: must contain at least one key/value pair",
  ]);
});
