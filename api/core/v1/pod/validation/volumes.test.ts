import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { problems } from "../../../../test-support.ts";
import { Pod } from "../../pod.ts";
import { type LooseSpec, podWith } from "../test-pod.ts";

const at = "spec.volumes[0]";
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };

interface Rule {
  readonly rule: string;
  readonly good: LooseSpec;
  readonly bad: LooseSpec;
  readonly says: readonly string[];
}

const rules: readonly Rule[] = [
  {
    rule: "has one type",
    good: { hostPath: { path: "/a" } },
    bad: { emptyDir: {}, hostPath: { path: "/a" } },
    says: [`${at}.hostPath: Forbidden: may not specify more than 1 volume type`],
  },
  {
    rule: "that is empty has no negative size",
    good: { emptyDir: { sizeLimit: "0" } },
    bad: { emptyDir: { sizeLimit: "-1" } },
    says: [`${at}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`],
  },
  {
    rule: "of the host does not climb",
    good: { hostPath: { path: "/a/..b" } },
    bad: { hostPath: { path: "/a/../b" } },
    says: [`${at}.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
  },
  {
    rule: "of the host is of a known type",
    good: { hostPath: { path: "/a", type: "Socket" } },
    bad: { hostPath: { path: "/a", type: "Pipe" } },
    says: [
      `${at}.hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
    ],
  },
  {
    rule: "of a secret names it",
    good: { secret: { secretName: "a" } },
    bad: { secret: {} },
    says: [`${at}.secret.secretName: Required value`],
  },
  {
    rule: "has modes of nine bits",
    good: { configMap: { name: "a", defaultMode: 0o777 } },
    bad: { configMap: { name: "a", defaultMode: 0o1000 } },
    says: [
      `${at}.configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`,
    ],
  },
  {
    rule: "puts keys below itself",
    good: { configMap: { name: "a", items: [{ key: "k", path: "b/c" }] } },
    bad: { configMap: { name: "a", items: [{ key: "k", path: "..b" }, { key: "k", path: "/c" }, { path: "d" }] } },
    says: [
      `${at}.configMap.items[0].path: Invalid value: "..b": must not start with '..'`,
      `${at}.configMap.items[1].path: Invalid value: "/c": must be a relative path`,
      `${at}.configMap.items[2].key: Required value`,
    ],
  },
  {
    rule: "of a claim names it",
    good: { persistentVolumeClaim: { claimName: "a" } },
    bad: { persistentVolumeClaim: {} },
    says: [`${at}.persistentVolumeClaim.claimName: Required value`],
  },
  {
    rule: "of NFS has an absolute path",
    good: { nfs: { server: "s", path: "/a" } },
    bad: { nfs: { server: "s", path: "a" } },
    says: [`${at}.nfs.path: Invalid value: "a": must be an absolute path`],
  },
  {
    rule: "of the downward API shows a field or a resource",
    good: { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
    bad: { downwardAPI: { items: [{ path: "labels" }] } },
    says: [`${at}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`],
  },
  {
    rule: "shows a resource of a named container",
    good: {
      downwardAPI: { items: [{ path: "cpu", resourceFieldRef: { containerName: "main", resource: "limits.cpu" } }] },
    },
    bad: { downwardAPI: { items: [{ path: "cpu", resourceFieldRef: { resource: "limits.cpu" } }] } },
    says: [`${at}.downwardAPI.resourceFieldRef.containerName: Required value`],
  },
  {
    rule: "projects each file once",
    good: { projected: { sources: [{ secret: { name: "a", items: [{ key: "k", path: "p" }] } }] } },
    bad: {
      projected: {
        sources: [
          { secret: { name: "a", items: [{ key: "k", path: "p" }] } },
          { configMap: { name: "b", items: [{ key: "k", path: "p" }] } },
        ],
      },
    },
    says: [`${at}.projected: Invalid value: "b": conflicting duplicate paths`],
  },
  {
    rule: "projects one thing a source",
    good: { projected: { sources: [{ configMap: { name: "b" } }] } },
    bad: { projected: { sources: [{ configMap: { name: "b" }, secret: { name: "a" } }] } },
    says: [`${at}.projected.sources[0]: Forbidden: may not specify more than 1 volume type per source`],
  },
  {
    rule: "projects tokens that live ten minutes",
    good: { projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 600 } }] } },
    bad: { projected: { sources: [{ serviceAccountToken: { path: "t", expirationSeconds: 599 } }] } },
    says: [
      `${at}.projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes`,
    ],
  },
  {
    rule: "of CSI names its driver",
    good: { csi: { driver: "CSI.example.com" } },
    bad: { csi: { driver: "" } },
    says: [`${at}.csi.driver: Required value`],
  },
  {
    rule: "that makes a claim says what for",
    good: { ephemeral: { volumeClaimTemplate: { spec: claim } } },
    bad: { ephemeral: { volumeClaimTemplate: { metadata: { name: "x" }, spec: { accessModes: ["Any"] } } } },
    says: [
      `${at}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
      `${at}.ephemeral.volumeClaimTemplate.spec.accessModes: Unsupported value: "Any": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"`,
      `${at}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
    ],
  },
  {
    rule: "of an image names it",
    good: { image: { reference: "a:1" } },
    bad: { image: { pullPolicy: "Never" } },
    says: [`${at}.image.reference: Required value`],
  },
  {
    rule: "of iSCSI has a target that has a name of its kind",
    good: { iscsi: { targetPortal: "127.0.0.1", iqn: "iqn.2015-02.example.com:test", lun: 1 } },
    bad: { iscsi: { targetPortal: "127.0.0.1", iqn: "abc", lun: 256 } },
    says: [
      `${at}.iscsi.iqn: Invalid value: "abc": must be valid format starting with iqn, eui, or naa`,
      `${at}.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive`,
    ],
  },
  {
    rule: "of Fibre Channel is found in one way",
    good: { fc: { targetWWNs: ["1"], lun: 0 } },
    bad: { fc: { targetWWNs: ["1"], wwids: ["2"] } },
    says: [
      `${at}.fc.targetWWNs: Invalid value: ["1"]: targetWWNs and wwids can not be specified simultaneously`,
      `${at}.fc.lun: Required value: lun is required if targetWWNs is specified`,
    ],
  },
  {
    rule: "of a flex driver leaves reserved options",
    good: { flexVolume: { driver: "d", options: { "example.com/a": "b" } } },
    bad: { flexVolume: { driver: "d", options: { "x.k8s.io/a": "b" } } },
    says: [
      `${at}.flexVolume.options[x.k8s.io/a]: Invalid value: "x.k8s.io/a": kubernetes.io and k8s.io namespaces are reserved`,
    ],
  },
  {
    rule: "of Azure has an address of its kind",
    good: { azureDisk: { diskName: "a", diskURI: "https://a", kind: "Shared" } },
    bad: { azureDisk: { diskName: "a", diskURI: "https://a", kind: "Managed" } },
    says: [
      `${at}.azureDisk.diskURI: Unsupported value: "https://a": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"`,
    ],
  },
  {
    rule: "of Google is named with its partition in range",
    good: { gcePersistentDisk: { pdName: "a", partition: 1 } },
    bad: { gcePersistentDisk: { pdName: "", partition: 256 } },
    says: [
      `${at}.persistentDisk.pdName: Required value`,
      `${at}.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive`,
    ],
  },
  {
    rule: "of Quobyte has hosts with ports",
    good: { quobyte: { registry: "a:1,[::1]:2", volume: "v" } },
    bad: { quobyte: { registry: "a", volume: "v" } },
    says: [
      `${at}.quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas`,
    ],
  },
  {
    rule: "of Flocker is found in one way",
    good: { flocker: { datasetName: "a" } },
    bad: { flocker: {} },
    says: [`${at}.flocker: Required value: one of datasetName and datasetUUID is required`],
  },
  {
    rule: "of Ceph has monitors",
    good: { cephfs: { monitors: ["a"] } },
    bad: { cephfs: {} },
    says: [`${at}.cephfs.monitors: Required value`],
  },
  {
    rule: "of RBD has monitors and an image",
    good: { rbd: { monitors: ["a"], image: "i" } },
    bad: { rbd: {} },
    says: [`${at}.rbd.monitors: Required value`, `${at}.rbd.image: Required value`],
  },
];

// Kinds of volume with no rule but that some fields are there.
const plain: readonly (readonly [string, LooseSpec, readonly string[]])[] = [
  ["awsElasticBlockStore", { volumeID: "a" }, ["volumeID"]],
  ["azureFile", { secretName: "a", shareName: "b" }, ["secretName", "shareName"]],
  ["cinder", { volumeID: "a" }, ["volumeID"]],
  ["gitRepo", { repository: "a" }, ["repository"]],
  ["glusterfs", { endpoints: "a", path: "b" }, ["endpoints", "path"]],
  ["photonPersistentDisk", { pdID: "a" }, ["pdID"]],
  ["portworxVolume", { volumeID: "a" }, ["volumeID"]],
  ["scaleIO", { gateway: "a", system: "b", volumeName: "c", secretRef: {} }, ["gateway", "system", "volumeName"]],
  ["storageos", { volumeName: "a" }, ["volumeName"]],
  ["vsphereVolume", { volumePath: "a" }, ["volumePath"]],
];

// A token of an account needs the account.
const podWithVolume = (source: LooseSpec) => podWith({ serviceAccountName: "a", volumes: [{ name: "v", ...source }] });

describe("a pod's volume", () => {
  for (const { rule, good, bad, says } of rules) {
    test(rule, () => {
      assert.deepEqual(problems(Pod, podWithVolume(good)), []);
      assert.deepEqual(problems(Pod, podWithVolume(bad)), says);
    });
  }

  for (const [kind, good, fields] of plain) {
    test(`${kind} has ${fields.join(", ")}`, () => {
      assert.deepEqual(problems(Pod, podWithVolume({ [kind]: good })), []);
      assert.deepEqual(
        problems(Pod, podWithVolume({ [kind]: {} })),
        fields.map((field) => `${at}.${kind}.${field}: Required value`),
      );
    });
  }

  test("has a name of its own", () => {
    assert.deepEqual(problems(Pod, podWith({ volumes: [{ name: "a" }, { name: "a" }] })), [
      'spec.volumes[1].name: Duplicate value: "a"',
    ]);
    assert.deepEqual(problems(Pod, podWith({ volumes: [{}] })), [`${at}.name: Required value`]);
  });

  test("is not the claim that another makes", () => {
    const volumes = [
      { name: "made", ephemeral: { volumeClaimTemplate: { spec: claim } } },
      { name: "used", persistentVolumeClaim: { claimName: "web-made" } },
    ];
    assert.deepEqual(problems(Pod, podWith({ volumes })), [
      'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "web-made": must not reference a PVC that gets created for an ephemeral volume',
    ]);
  });

  test("has no token without an account", () => {
    const projected = { sources: [{ serviceAccountToken: { path: "t" } }] };
    assert.deepEqual(problems(Pod, podWith({ volumes: [{ name: "v", projected }] })), [
      `${at}.projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`,
    ]);
  });
});
