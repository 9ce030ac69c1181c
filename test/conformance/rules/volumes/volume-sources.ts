import { notDNSLabel, notDNSSubdomain, outside } from "../messages.ts";
import {
  forbidden,
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";
import { source, volume } from "./volume-base.ts";

const oneType = "may not specify more than 1 volume type";
const without = (object: JsonObject, field: string): JsonObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== field));

function needs(kind: string, fields: JsonObject, names: readonly string[], place = kind): Rule {
  return {
    says: `${kind} needs ${names.join(" and ")}`,
    accepts: source(kind, fields),
    refuses: names.map((name) => refused(source(kind, without(fields, name)), required(`spec.${place}.${name}`))),
  };
}

/** A secret of a volume has a name and a namespace. */
function secret(kind: string, fields: JsonObject): Rule {
  const place = `spec.${kind}.secretRef`;
  return {
    says: `the secret of ${kind} has a name and a namespace`,
    accepts: source(kind, { ...fields, secretRef: { name: "a", namespace: "b" } }),
    refuses: refused(
      source(kind, { ...fields, secretRef: {} }),
      required(`${place}.name`),
      required(`${place}.namespace`),
    ),
  };
}

const kinds = [
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "glusterfs",
  "flocker",
  "nfs",
  "rbd",
  "quobyte",
  "cephfs",
  "iscsi",
  "cinder",
  "fc",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "scaleIO",
  "local",
  "storageos",
  "csi",
];
const types: readonly Rule[] = [
  {
    says: "a volume is of one kind",
    // The only one that is not counted.
    accepts: { "spec.flexVolume": { driver: "d" } },
    refuses: [
      refused({ "spec.hostPath": undefined }, required("spec", "must specify a volume type")),
      ...kinds.map((kind) =>
        refused({ [`spec.${kind}`]: {} }, forbidden(`spec.${kind === "cephfs" ? "cephFS" : kind}`, oneType)),
      ),
    ],
  },
  {
    says: "the root of a host is not recycled",
    accepts: [
      { "spec.hostPath.path": "/", "spec.persistentVolumeReclaimPolicy": "Retain" },
      { "spec.persistentVolumeReclaimPolicy": "Recycle" },
    ],
    refuses: ["/", "//./"].map((path) =>
      refused(
        { "spec.hostPath.path": path, "spec.persistentVolumeReclaimPolicy": "Recycle" },
        forbidden("spec.persistentVolumeReclaimPolicy", "may not be 'recycle' for a hostPath mount of '/'"),
      ),
    ),
  },
];

const gluster = { endpoints: "a", path: "b" };
const glusterfs: Rule = {
  says: "endpoints of glusterfs are in a namespace",
  accepts: source("glusterfs", { ...gluster, endpointsNamespace: "a" }),
  refuses: [
    refused(
      source("glusterfs", { ...gluster, endpointsNamespace: "" }),
      invalid(
        "spec.glusterfs.endpointsNamespace",
        "",
        "if the endpointnamespace is set, it must be a valid namespace name",
      ),
    ),
    refused(
      source("glusterfs", { ...gluster, endpointsNamespace: "a_b" }),
      invalid("spec.glusterfs.endpointsNamespace", "a_b", notDNSLabel),
    ),
  ],
};

const target = { targetPortal: "p", iqn: "iqn.2001-04.com.example:a", lun: 0 };
const iscsi = (more: JsonObject) => source("iscsi", { ...target, ...more });
const names = [target.iqn, `eui.${"0".repeat(16)}`, `naa.${"0".repeat(32)}`];
const badNames = ["a", "iqn.2001-04.com.example", "eui.0", "naa.0"];
const portal = "p".repeat(59);
const iscsiRules: readonly Rule[] = [
  needs("iscsi", target, ["targetPortal", "iqn"]),
  {
    says: "names of iscsi are of a known form",
    accepts: names.flatMap((name) => [iscsi({ iqn: name }), iscsi({ initiatorName: name })]),
    refuses: badNames.flatMap((name) => [
      refused(iscsi({ iqn: name }), invalid("spec.iscsi.iqn", name, "must be valid format")),
      refused(iscsi({ initiatorName: name }), invalid("spec.iscsi.initiatorname", name, "must be valid format")),
    ]),
  },
  {
    says: "volume and portal of an initiator have 64 bytes at most",
    accepts: iscsi({ targetPortal: portal.slice(1), initiatorName: target.iqn }),
    refuses: refused(
      iscsi({ targetPortal: portal, initiatorName: target.iqn }),
      invalid(
        "spec.iscsi.targetportal",
        portal,
        "Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.",
      ),
    ),
  },
  {
    says: "the unit of iscsi is one byte",
    accepts: iscsi({ lun: 255 }),
    refuses: [-1, 256].map((lun) => refused(iscsi({ lun }), invalid("spec.iscsi.lun", lun, outside(0, 255)))),
  },
  {
    says: "authentication of iscsi needs a secret with a name",
    accepts: iscsi({ chapAuthDiscovery: true, chapAuthSession: true, secretRef: { name: "a" } }),
    refuses: [
      refused(iscsi({ chapAuthDiscovery: true }), required("spec.iscsi.secretRef")),
      refused(iscsi({ chapAuthSession: true }), required("spec.iscsi.secretRef")),
      refused(iscsi({ secretRef: {} }), required("spec.iscsi.secretRef.name")),
    ],
  },
];

const affinity = { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: "a", operator: "Exists" }] }] } };
const local: Rule = {
  says: "a local volume has a path that does not climb, and is somewhere",
  accepts: { ...source("local", { path: "a/..b" }), "spec.nodeAffinity": affinity },
  refuses: [
    refused({ ...source("local", {}), "spec.nodeAffinity": affinity }, required("spec.local.path")),
    refused(
      { ...source("local", { path: "/a/.." }), "spec.nodeAffinity": affinity },
      invalid("spec.local.path", "/a/..", "must not contain '..'"),
    ),
    refused(source("local", { path: "/a" }), required("spec.nodeAffinity", "Local volume requires node affinity")),
  ],
};

const storageos: readonly Rule[] = [
  {
    says: "names of storageos are DNS labels",
    accepts: source("storageos", { volumeName: "a", volumeNamespace: "b" }),
    refuses: [
      refused(source("storageos", {}), required("spec.storageos.volumeName")),
      refused(
        source("storageos", { volumeName: "A", volumeNamespace: "B" }),
        invalid("spec.storageos.volumeName", "A", notDNSLabel),
        invalid("spec.storageos.volumeNamespace", "B", notDNSLabel),
      ),
    ],
  },
  secret("storageos", { volumeName: "a" }),
];

const csiVolume = { driver: "d", volumeHandle: "v" };
const csi = (more: JsonObject) => source("csi", { ...csiVolume, ...more });
const csiRules: readonly Rule[] = [
  needs("csi", csiVolume, ["driver", "volumeHandle"]),
  {
    says: "the driver of CSI is a DNS subdomain in any case, of 63 bytes at most",
    accepts: [csi({ driver: "A.b" }), csi({ driver: "d".repeat(63) })],
    refuses: [
      refused(csi({ driver: "d_" }), invalid("spec.csi.driver", "d_", notDNSSubdomain)),
      refused(csi({ driver: "d".repeat(64) }), tooLong("spec.csi.driver", "may not be more than 63 bytes")),
    ],
  },
  ...["controllerPublishSecretRef", "controllerExpandSecretRef", "nodePublishSecretRef", "nodeExpandSecretRef"].map(
    (field): Rule => ({
      says: `${field} has a secret's name and a namespace`,
      accepts: csi({ [field]: { name: "a.b", namespace: "c" } }),
      refuses: [
        refused(csi({ [field]: {} }), required(`spec.csi.${field}.name`), required(`spec.csi.${field}.namespace`)),
        refused(
          csi({ [field]: { name: "A", namespace: "B" } }),
          invalid(`spec.csi.${field}.name`, "A", notDNSSubdomain),
          invalid(`spec.csi.${field}.namespace`, "B", notDNSLabel),
        ),
      ],
    }),
  ),
];

const azure: Json = { secretName: "a", shareName: "b" };
export const volumeSources: KindRules = {
  ...volume,
  create: [
    ...types,
    needs("gcePersistentDisk", { pdName: "a", readOnly: true }, ["pdName"], "persistentDisk"),
    needs("awsElasticBlockStore", { volumeID: "a" }, ["volumeID"]),
    needs("glusterfs", gluster, ["endpoints", "path"]),
    glusterfs,
    needs("nfs", { server: "a", path: "/" }, ["server"]),
    needs("rbd", { monitors: ["a"], image: "b" }, ["monitors", "image"]),
    needs("quobyte", { registry: "a:1", volume: "v" }, ["volume"]),
    needs("cephfs", { monitors: ["a"] }, ["monitors"]),
    ...iscsiRules,
    needs("cinder", { volumeID: "a" }, ["volumeID"]),
    secret("cinder", { volumeID: "a" }),
    needs("flexVolume", { driver: "d" }, ["driver"]),
    needs("azureFile", azure, ["secretName", "shareName"]),
    {
      says: "the namespace of azureFile's secret is told, or not",
      accepts: source("azureFile", { ...azure, secretNamespace: "a" }),
      refuses: refused(
        source("azureFile", { ...azure, secretNamespace: "" }),
        required("spec.azureFile.secretNamespace"),
      ),
    },
    needs("vsphereVolume", { volumePath: "a" }, ["volumePath"]),
    needs("photonPersistentDisk", { pdID: "a" }, ["pdID"]),
    needs("portworxVolume", { volumeID: "a" }, ["volumeID"]),
    needs("azureDisk", { diskName: "a", diskURI: "https://a" }, ["diskName"]),
    needs("scaleIO", { gateway: "a", system: "b", volumeName: "c", secretRef: { name: "s" } }, [
      "gateway",
      "system",
      "volumeName",
    ]),
    {
      says: "flocker has one dataset",
      accepts: source("flocker", { datasetName: "a" }),
      refuses: refused(
        source("flocker", {}),
        required("spec.flocker", "one of datasetName and datasetUUID is required"),
      ),
    },
    {
      says: "fc has names of targets or of volumes",
      accepts: source("fc", { wwids: ["a"] }),
      refuses: refused(
        source("fc", {}),
        required("spec.fc.targetWWNs", "must specify either targetWWNs or wwids, but not both"),
      ),
    },
    local,
    ...storageos,
    ...csiRules,
  ],
};
