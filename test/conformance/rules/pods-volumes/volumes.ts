import { longerThan, notDNSLabel, notDNSSubdomain } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";
import { at, pod, volume } from "./pod.ts";

const oneType = "may not specify more than 1 volume type";
const claim = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
const ephemeral = { volumeClaimTemplate: { spec: claim } };
const climbs = "must not contain '..'";

/** What a second kind of volume is called beside an emptyDir: not always as the field. */
const second: Readonly<Record<string, string>> = { cephfs: "cephFS", downwardAPI: "downwarAPI" };
const kinds = [
  "hostPath",
  "gitRepo",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "secret",
  "nfs",
  "iscsi",
  "glusterfs",
  "flocker",
  "persistentVolumeClaim",
  "rbd",
  "cinder",
  "cephfs",
  "quobyte",
  "downwardAPI",
  "fc",
  "flexVolume",
  "configMap",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "storageos",
  "projected",
  "scaleIO",
  "csi",
  "ephemeral",
  "image",
];

const names: readonly Rule[] = [
  {
    says: "a volume has a name",
    accepts: { [at]: { name: "v" } },
    refuses: refused({ [at]: { emptyDir: {} } }, required(`${at}.name`)),
  },
  {
    says: "the name of a volume is a DNS label",
    accepts: { [at]: { name: "1-a" } },
    refuses: [
      refused({ [at]: { name: "a_b" } }, invalid(`${at}.name`, "a_b", notDNSLabel)),
      refused({ [at]: { name: "a".repeat(64) } }, invalid(`${at}.name`, "a".repeat(64), longerThan(63))),
    ],
  },
  {
    says: "volumes have names of their own",
    accepts: { "spec.volumes": [{ name: "v" }, { name: "w" }] },
    refuses: refused({ "spec.volumes": [{ name: "v" }, { name: "v" }] }, duplicate("spec.volumes[1].name", "v")),
  },
  {
    says: "a volume is of one kind",
    accepts: { [at]: { name: "v" } },
    refuses: kinds.map((kind) =>
      refused({ [at]: { name: "v", emptyDir: {}, [kind]: {} } }, forbidden(`${at}.${second[kind] ?? kind}`, oneType)),
    ),
  },
];

const claims: readonly Rule[] = [
  {
    says: "a volume of a claim names it",
    accepts: volume("persistentVolumeClaim", { claimName: "c" }),
    refuses: refused(
      volume("persistentVolumeClaim", { readOnly: true }),
      required(`${at}.persistentVolumeClaim.claimName`),
    ),
  },
  {
    says: "an ephemeral volume has a template of its claim",
    accepts: volume("ephemeral", ephemeral),
    refuses: refused(volume("ephemeral", {}), required(`${at}.ephemeral.volumeClaimTemplate`)),
  },
  {
    says: "the claim of an ephemeral volume can be named after pod and volume",
    accepts: { ...volume("ephemeral", ephemeral), "metadata.name": "p".repeat(251) },
    refuses: refused(
      { ...volume("ephemeral", ephemeral), "metadata.name": "p".repeat(252) },
      invalid(`${at}.name`, "v", `PVC name "${"p".repeat(252)}-v": ${longerThan(253)}`),
    ),
  },
  {
    says: "no volume uses the claim that another one makes",
    accepts: {
      "spec.volumes": [
        { name: "e", ephemeral },
        { name: "v", persistentVolumeClaim: { claimName: "rules-v" } },
      ],
    },
    refuses: refused(
      {
        "spec.volumes": [
          { name: "v", persistentVolumeClaim: { claimName: "rules-e" } },
          { name: "e", ephemeral },
        ],
      },
      invalid(
        `${at}.persistentVolumeClaim.claimName`,
        "rules-e",
        "must not reference a PVC that gets created for an ephemeral volume",
      ),
    ),
  },
];

const sources: readonly Rule[] = [
  {
    says: "the size of an empty directory is not negative",
    accepts: volume("emptyDir", { sizeLimit: "0" }),
    refuses: refused(
      volume("emptyDir", { sizeLimit: "-1" }),
      forbidden(`${at}.emptyDir.sizeLimit`, "SizeLimit field must be a valid resource quantity"),
    ),
  },
  {
    says: "a path of the host is told, and does not climb",
    accepts: [volume("hostPath", { path: "/a/..b" }), volume("hostPath", { path: "a" })],
    refuses: [
      refused(volume("hostPath", { type: "Pipe" }), required(`${at}.hostPath.path`)),
      refused(volume("hostPath", { path: "/a/../b" }), invalid(`${at}.hostPath.path`, "/a/../b", climbs)),
      refused(volume("hostPath", { path: ".." }), invalid(`${at}.hostPath.path`, "..", climbs)),
    ],
  },
  {
    says: "a path of the host is of a known type",
    accepts: ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"].map(
      (type) => volume("hostPath", { path: "/a", type }),
    ),
    refuses: refused(
      volume("hostPath", { path: "/a", type: "Pipe" }),
      notSupported(`${at}.hostPath.type`, "Pipe", [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
      ]),
    ),
  },
  {
    says: "NFS needs a server and an absolute path",
    accepts: volume("nfs", { server: "s", path: "/" }),
    refuses: [
      refused(volume("nfs", { path: "/" }), required(`${at}.nfs.server`)),
      refused(
        volume("nfs", { server: "s" }),
        required(`${at}.nfs.path`),
        invalid(`${at}.nfs.path`, "", "must be an absolute path"),
      ),
      refused(
        volume("nfs", { server: "s", path: "a/b" }),
        invalid(`${at}.nfs.path`, "a/b", "must be an absolute path"),
      ),
    ],
  },
  {
    says: "the driver of CSI is a DNS subdomain in any case, of 63 bytes at most",
    accepts: [volume("csi", { driver: "CSI.example.com" }), volume("csi", { driver: "a".repeat(63) })],
    refuses: [
      refused(volume("csi", {}), required(`${at}.csi.driver`)),
      refused(volume("csi", { driver: "a_b" }), invalid(`${at}.csi.driver`, "a_b", notDNSSubdomain)),
      refused(volume("csi", { driver: "a".repeat(64) }), tooLong(`${at}.csi.driver`, "may not be more than 63 bytes")),
    ],
  },
  {
    says: "the secret of CSI has a secret's name",
    accepts: volume("csi", { driver: "d", nodePublishSecretRef: { name: "a.b" } }),
    refuses: [
      refused(
        volume("csi", { driver: "d", nodePublishSecretRef: {} }),
        required(`${at}.csi.nodePublishSecretRef.name`),
      ),
      refused(
        volume("csi", { driver: "d", nodePublishSecretRef: { name: "A" } }),
        invalid(`${at}.csi.name`, "A", notDNSSubdomain),
      ),
    ],
  },
  {
    says: "a volume of an image names it, and is pulled by a known policy",
    accepts: ["Always", "IfNotPresent", "Never", ""].map((pullPolicy) =>
      volume("image", { reference: "a", pullPolicy }),
    ),
    refuses: [
      refused(volume("image", { pullPolicy: "Never" }), required(`${at}.image.reference`)),
      refused(
        volume("image", { reference: "a", pullPolicy: "Sometimes" }),
        notSupported(`${at}.image.pullPolicy`, "Sometimes", ["Always", "IfNotPresent", "Never"]),
      ),
    ],
  },
];

export const volumes: KindRules = { ...pod, create: [...names, ...claims, ...sources] };
