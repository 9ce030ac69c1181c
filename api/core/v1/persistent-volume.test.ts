import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, decoded, problems } from "../../test-support.ts";
import { PersistentVolume } from "./persistent-volume.ts";

const common = { accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } };
const errors = (spec: object, old?: PersistentVolume) =>
  problems(PersistentVolume, { metadata: { name: "v" }, spec: { ...common, ...spec } }, old);
const affinity = (key: string, more: object = { operator: "Exists" }) => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, ...more }] }] },
});
const iqn = "iqn.2026-01.com.example:disk";
const secret = { name: "s", namespace: "n" };

/** Of each source: one that is good, one that is not, and what is said of it. */
const sources: readonly [kind: string, good: object, bad: object, said: readonly string[]][] = [
  [
    "hostPath",
    { path: "/a" },
    { path: "/a/../b", type: "X" },
    [
      "spec.hostPath.path: Invalid value: \"/a/../b\": must not contain '..'",
      'spec.hostPath.type: Unsupported value: "X": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  ],
  ["gcePersistentDisk", { pdName: "d" }, { pdName: "" }, ["spec.persistentDisk.pdName: Required value"]],
  [
    "awsElasticBlockStore",
    { volumeID: "d" },
    { volumeID: "", partition: 300 },
    [
      "spec.awsElasticBlockStore.volumeID: Required value",
      "spec.awsElasticBlockStore.partition: Invalid value: 300: must be between 1 and 255, inclusive",
    ],
  ],
  [
    "glusterfs",
    { endpoints: "e", path: "p", endpointsNamespace: "n" },
    { endpoints: "", path: "", endpointsNamespace: "" },
    [
      "spec.glusterfs.endpoints: Required value",
      "spec.glusterfs.path: Required value",
      'spec.glusterfs.endpointsNamespace: Invalid value: "": if the endpointnamespace is set, it must be a valid namespace name',
    ],
  ],
  [
    "flocker",
    { datasetName: "d" },
    {},
    ["spec.flocker: Required value: one of datasetName and datasetUUID is required"],
  ],
  [
    "nfs",
    { server: "s", path: "/p" },
    { server: "", path: "p" },
    ["spec.nfs.server: Required value", 'spec.nfs.path: Invalid value: "p": must be an absolute path'],
  ],
  [
    "rbd",
    { monitors: ["m"], image: "i" },
    { monitors: [], image: "" },
    ["spec.rbd.monitors: Required value", "spec.rbd.image: Required value"],
  ],
  [
    "quobyte",
    { registry: "h:1", volume: "v" },
    { registry: "h", volume: "v" },
    ['spec.quobyte.registry: Invalid value: "h": must be a host:port pair or multiple pairs separated by commas'],
  ],
  ["cephfs", { monitors: ["m"] }, { monitors: [] }, ["spec.cephfs.monitors: Required value"]],
  [
    "iscsi",
    { targetPortal: "t", iqn, lun: 0, initiatorName: iqn, chapAuthSession: true, secretRef: { name: "s" } },
    { targetPortal: "t".repeat(70), iqn: "foo", lun: 256, initiatorName: "eui.1", chapAuthDiscovery: true },
    [
      `spec.iscsi.targetportal: Invalid value: "${"t".repeat(70)}": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.`,
      'spec.iscsi.iqn: Invalid value: "foo": must be valid format',
      "spec.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive",
      "spec.iscsi.secretRef: Required value",
      'spec.iscsi.initiatorname: Invalid value: "eui.1": must be valid format',
    ],
  ],
  [
    "cinder",
    { volumeID: "v", secretRef: secret },
    { volumeID: "", secretRef: {} },
    [
      "spec.cinder.volumeID: Required value",
      "spec.cinder.secretRef.name: Required value",
      "spec.cinder.secretRef.namespace: Required value",
    ],
  ],
  [
    "fc",
    { targetWWNs: ["w"], lun: 1 },
    { targetWWNs: ["w"] },
    ["spec.fc.lun: Required value: lun is required if targetWWNs is specified"],
  ],
  [
    "flexVolume",
    { driver: "d", options: { a: "b" } },
    { driver: "", options: { "x.k8s.io/a": "b" } },
    [
      "spec.flexVolume.driver: Required value",
      'spec.flexVolume.options[x.k8s.io/a]: Invalid value: "x.k8s.io/a": kubernetes.io and k8s.io namespaces are reserved',
    ],
  ],
  [
    "azureFile",
    { secretName: "s", shareName: "s", secretNamespace: "n" },
    { secretName: "", shareName: "", secretNamespace: "" },
    [
      "spec.azureFile.secretName: Required value",
      "spec.azureFile.shareName: Required value",
      "spec.azureFile.secretNamespace: Required value",
    ],
  ],
  ["vsphereVolume", { volumePath: "p" }, { volumePath: "" }, ["spec.vsphereVolume.volumePath: Required value"]],
  ["photonPersistentDisk", { pdID: "p" }, { pdID: "" }, ["spec.photonPersistentDisk.pdID: Required value"]],
  ["portworxVolume", { volumeID: "p" }, { volumeID: "" }, ["spec.portworxVolume.volumeID: Required value"]],
  [
    "azureDisk",
    { diskName: "d", diskURI: "https://x", kind: "Shared" },
    { diskName: "", diskURI: "https://x", kind: "Shared" },
    ["spec.azureDisk.diskName: Required value"],
  ],
  [
    "scaleIO",
    { gateway: "g", system: "s", volumeName: "v", secretRef: secret },
    { gateway: "", system: "", secretRef: secret },
    [
      "spec.scaleIO.gateway: Required value",
      "spec.scaleIO.system: Required value",
      "spec.scaleIO.volumeName: Required value",
    ],
  ],
  [
    "storageos",
    { volumeName: "v", volumeNamespace: "n" },
    { volumeName: "V", secretRef: {} },
    [
      "spec.storageos.volumeName: Invalid value: \"V\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      "spec.storageos.secretRef.name: Required value",
      "spec.storageos.secretRef.namespace: Required value",
    ],
  ],
  [
    "csi",
    { driver: "D.example.com", volumeHandle: "h", nodeExpandSecretRef: secret },
    { driver: "", volumeHandle: "", controllerPublishSecretRef: {} },
    [
      "spec.csi.driver: Required value",
      "spec.csi.volumeHandle: Required value",
      "spec.csi.controllerPublishSecretRef.name: Required value",
      "spec.csi.controllerPublishSecretRef.namespace: Required value",
    ],
  ],
];
for (const [kind, good, bad, said] of sources) {
  test(`a volume of ${kind} says what that needs`, () => {
    assert.deepEqual(errors({ [kind]: good }), []);
    assert.deepEqual(errors({ [kind]: bad }), said);
  });
}

test("a local volume is of one node", () => {
  assert.deepEqual(errors({ local: { path: "/a" }, nodeAffinity: affinity("kubernetes.io/hostname") }), []);
  assert.deepEqual(errors({ local: { path: "/.." } }), [
    "spec.local.path: Invalid value: \"/..\": must not contain '..'",
    "spec.nodeAffinity: Required value: Local volume requires node affinity",
  ]);
  assert.deepEqual(errors({ local: { path: "" }, nodeAffinity: affinity("a") }), ["spec.local.path: Required value"]);
});

test("a volume has one source; the first in upstream's order counts", () => {
  const two = { hostPath: { path: "/a" }, cephfs: { monitors: [] }, csi: { driver: "d", volumeHandle: "h" } };
  assert.deepEqual(errors({ ...two, flexVolume: { driver: "d" } }), [
    "spec.cephFS: Forbidden: may not specify more than 1 volume type",
    "spec.csi: Forbidden: may not specify more than 1 volume type",
  ]);
  assert.deepEqual(errors({}), ["spec: Required value: must specify a volume type"]);
});

test("the whole of a node is not recycled", () => {
  const recycle = { persistentVolumeReclaimPolicy: "Recycle" };
  assert.deepEqual(errors({ hostPath: { path: "/a" }, ...recycle }), []);
  assert.deepEqual(errors({ hostPath: { path: "/./" }, ...recycle }), [
    "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ]);
});

const csi = { driver: "d", volumeHandle: "h" };

test("attributes belong to CSI volumes, classes are names", () => {
  assert.deepEqual(errors({ csi, volumeAttributesClassName: "fast", storageClassName: "gold" }), []);
  assert.deepEqual(errors({ csi, volumeAttributesClassName: "" }), [
    "spec.volumeAttributesClassName: Required value: an empty string is disallowed",
  ]);
  assert.deepEqual(errors({ hostPath: { path: "/a" }, volumeAttributesClassName: "fast" }), [
    "spec.csi: Required value: has to be specified when using volumeAttributesClassName",
  ]);
  assert.match(errors({ csi, storageClassName: "A" })[0]!, /^spec.storageClassName: Invalid value: "A"/);
  assert.match(
    errors({ csi, volumeAttributesClassName: "A" })[0]!,
    /^spec.volumeAttributesClassName: Invalid value: "A"/,
  );
});

test("the nodes of a volume are chosen by requirements", () => {
  assert.deepEqual(errors({ csi, nodeAffinity: affinity("zone", { operator: "In", values: ["a"] }) }), []);
  assert.deepEqual(errors({ csi, nodeAffinity: {} }), [
    "spec.nodeAffinity.required: Required value: must specify required node constraints",
  ]);
  assert.deepEqual(errors({ csi, nodeAffinity: { required: { nodeSelectorTerms: [] } } }), [
    "spec.nodeAffinity.required.nodeSelectorTerms: Required value: must have at least one node selector term",
  ]);
  assert.match(
    errors({ csi, nodeAffinity: affinity("zone", { operator: "In", values: ["!"] }) })[0]!,
    /^spec.nodeAffinity.required.nodeSelectorTerms\[0\].matchExpressions\[0\].values\[0\]: Invalid value: "!"/,
  );
});

test("the nodes of a volume are set once; labels may get their new names", () => {
  const old = decoded(PersistentVolume, {
    spec: { ...common, csi, nodeAffinity: affinity("failure-domain.beta.kubernetes.io/zone") },
  });
  const without = changed(old, ({ spec }) => delete spec.nodeAffinity);
  assert.deepEqual(errors({ csi, nodeAffinity: affinity("topology.kubernetes.io/zone") }, old), []);
  assert.deepEqual(errors({ csi, nodeAffinity: affinity("other") }, without), []);
  assert.deepEqual(errors({ csi, nodeAffinity: affinity("other") }, old), [
    'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"other","Operator":"Exists","Values":null}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
  ]);
  assert.deepEqual(errors({ csi }, old), [
    "nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA",
  ]);
});
