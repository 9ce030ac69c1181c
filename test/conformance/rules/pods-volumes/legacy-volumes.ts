import { notDNSLabel, outside } from "../messages.ts";
import {
  invalid,
  type Json,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { at, pod, volume, without } from "./pod.ts";

/** Fields without which a volume of the kind is none. `place` is the kind's place where it is not its name. */
function needs(kind: string, source: JsonObject, fields: readonly string[], place = kind): Rule {
  return {
    says: `${kind} needs ${fields.join(" and ")}`,
    accepts: volume(kind, source),
    refuses: fields.map((field) => refused(without(kind, source, field), required(`${at}.${place}.${field}`))),
  };
}

function partition(kind: string, source: JsonObject, place = kind): Rule {
  const beyond = (value: number) =>
    refused(volume(kind, { ...source, partition: value }), invalid(`${at}.${place}.partition`, value, outside(1, 255)));
  return {
    says: `the partition of ${kind} is one byte`,
    accepts: [volume(kind, { ...source, partition: 0 }), volume(kind, { ...source, partition: 255 })],
    refuses: [beyond(-1), beyond(256)],
  };
}

function secret(kind: string, source: JsonObject): Rule {
  return {
    says: `the secret of ${kind} has a name`,
    accepts: volume(kind, { ...source, secretRef: { name: "a" } }),
    refuses: refused(volume(kind, { ...source, secretRef: {} }), required(`${at}.${kind}.secretRef.name`)),
  };
}

const gitRepo: Rule = {
  says: "a clone of gitRepo stays in the volume",
  accepts: volume("gitRepo", { repository: "r", directory: "a/..b" }),
  refuses: [
    refused(
      volume("gitRepo", { repository: "r", directory: "/a" }),
      invalid(`${at}.gitRepo.directory`, "/a", "must be a relative path"),
    ),
    refused(
      volume("gitRepo", { repository: "r", directory: "a/.." }),
      invalid(`${at}.gitRepo.directory`, "a/..", "must not contain '..'"),
    ),
  ],
};

const flocker: Rule = {
  says: "flocker has a dataset by its name or by its UUID",
  accepts: [volume("flocker", { datasetName: "a" }), volume("flocker", { datasetUUID: "a/b" })],
  refuses: [
    refused(volume("flocker", {}), required(`${at}.flocker`, "one of datasetName and datasetUUID is required")),
    refused(
      volume("flocker", { datasetName: "a", datasetUUID: "b" }),
      invalid(`${at}.flocker`, "resource", "datasetName and datasetUUID can not be specified simultaneously"),
    ),
    refused(
      volume("flocker", { datasetName: "a/b" }),
      invalid(`${at}.flocker.datasetName`, "a/b", "must not contain '/'"),
    ),
  ],
};

const pairs = "must be a host:port pair or multiple pairs separated by commas";
const badRegistry = (registry: string, times = 1) =>
  refused(
    volume("quobyte", { registry, volume: "v" }),
    ...Array.from({ length: times }, () => invalid(`${at}.quobyte.registry`, registry, pairs)),
  );
const quobyte: readonly Rule[] = [
  {
    says: "the registries of quobyte are hosts with ports",
    accepts: ["a:1", "a:1,b:2", ":", "[::1]:1"].map((registry) => volume("quobyte", { registry, volume: "v" })),
    refuses: [
      refused(volume("quobyte", { volume: "v" }), required(`${at}.quobyte.registry`, pairs)),
      badRegistry("a"),
      badRegistry("a:1,b"),
      badRegistry("a,b", 2),
      badRegistry("a:1,"),
      badRegistry("::1:1"),
      badRegistry("[a:1"),
      badRegistry("a]:1"),
    ],
  },
  {
    says: "the tenant of quobyte has 64 bytes at most",
    accepts: volume("quobyte", { registry: "a:1", volume: "v", tenant: "é".repeat(32) }),
    refuses: refused(
      volume("quobyte", { registry: "a:1", volume: "v", tenant: "é".repeat(33) }),
      required(`${at}.quobyte.tenant`, "must be a UUID and may not exceed a length of 64 characters"),
    ),
  },
];

const fc: readonly Rule[] = [
  {
    says: "fc has world wide names of targets, or of volumes",
    accepts: [volume("fc", { targetWWNs: ["a"], lun: 0 }), volume("fc", { wwids: ["a"], lun: 256 })],
    refuses: [
      refused(
        volume("fc", {}),
        required(`${at}.fc.targetWWNs`, "must specify either targetWWNs or wwids, but not both"),
      ),
      refused(
        volume("fc", { targetWWNs: ["a", "b"], wwids: ["c"], lun: 0 }),
        invalid(`${at}.fc.targetWWNs`, ["a", "b"], "targetWWNs and wwids can not be specified simultaneously"),
      ),
    ],
  },
  {
    says: "the unit of fc's targets is one byte",
    accepts: volume("fc", { targetWWNs: ["a"], lun: 255 }),
    refuses: [
      refused(
        volume("fc", { targetWWNs: ["a"] }),
        required(`${at}.fc.lun`, "lun is required if targetWWNs is specified"),
      ),
      ...[-1, 256].map((lun) =>
        refused(volume("fc", { targetWWNs: ["a"], lun }), invalid(`${at}.fc.lun`, lun, outside(0, 255))),
      ),
    ],
  },
];

const reserved = (key: string) =>
  refused(
    volume("flexVolume", { driver: "d", options: { [key]: "" } }),
    invalid(`${at}.flexVolume.options[${key}]`, key, "kubernetes.io and k8s.io namespaces are reserved"),
  );
const flex: Rule = {
  says: "options of flexVolume are not Kubernetes' own",
  accepts: ["a", "example.com/a", "notk8s.io/a", "a/k8s.io"].map((key) =>
    volume("flexVolume", { driver: "d", options: { [key]: "" } }),
  ),
  refuses: ["kubernetes.io", "k8s.io/a", "a.kubernetes.io/a", "A.K8S.io/a/b"].map(reserved),
};

const azure = (more: JsonObject) => volume("azureDisk", { diskName: "a", diskURI: "https://a", ...more });
const badAzure = (more: JsonObject, field: string, value: Json, supported: readonly string[]) =>
  refused(azure(more), notSupported(`${at}.azureDisk.${field}`, value, supported));
const managed = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const blob = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";
const azureDisk: readonly Rule[] = [
  needs("azureDisk", { diskName: "a", diskURI: "/subscriptions/a", kind: "Managed" }, ["diskName"]),
  {
    says: "azureDisk needs a URI, and of the kind of disk",
    accepts: [
      azure({ kind: "Shared" }),
      azure({ kind: "Dedicated" }),
      azure({ kind: "Managed", diskURI: "/subscriptions/" }),
    ],
    refuses: [
      refused(
        volume("azureDisk", { diskName: "a" }),
        required(`${at}.azureDisk.diskURI`),
        notSupported(`${at}.azureDisk.diskURI`, "", [blob]),
      ),
      badAzure({ kind: "Managed" }, "diskURI", "https://a", [managed]),
      badAzure({ kind: "Dedicated", diskURI: "http://a" }, "diskURI", "http://a", [blob]),
    ],
  },
  {
    says: "caching and kind of azureDisk are known",
    accepts: ["None", "ReadOnly", "ReadWrite"].map((cachingMode) => azure({ cachingMode })),
    refuses: [
      badAzure({ cachingMode: "WriteOnly" }, "cachingMode", "WriteOnly", ["None", "ReadOnly", "ReadWrite"]),
      badAzure({ kind: "Own" }, "kind", "Own", ["Dedicated", "Managed", "Shared"]),
    ],
  },
];

const storageos: readonly Rule[] = [
  {
    says: "storageos needs a volume's name, a DNS label",
    accepts: volume("storageos", { volumeName: "a" }),
    refuses: [
      refused(volume("storageos", {}), required(`${at}.storageos.volumeName`)),
      refused(volume("storageos", { volumeName: "a_b" }), invalid(`${at}.storageos.volumeName`, "a_b", notDNSLabel)),
    ],
  },
  {
    says: "the namespace of storageos is a DNS label",
    accepts: volume("storageos", { volumeName: "a", volumeNamespace: "b" }),
    refuses: refused(
      volume("storageos", { volumeName: "a", volumeNamespace: "B" }),
      invalid(`${at}.storageos.volumeNamespace`, "B", notDNSLabel),
    ),
  },
  secret("storageos", { volumeName: "a" }),
];

export const legacyVolumes: KindRules = {
  ...pod,
  create: [
    needs("gitRepo", { repository: "r" }, ["repository"]),
    gitRepo,
    needs("gcePersistentDisk", { pdName: "a", readOnly: true }, ["pdName"], "persistentDisk"),
    partition("gcePersistentDisk", { pdName: "a" }, "persistentDisk"),
    needs("awsElasticBlockStore", { volumeID: "a" }, ["volumeID"]),
    partition("awsElasticBlockStore", { volumeID: "a" }),
    needs("glusterfs", { endpoints: "a", path: "b" }, ["endpoints", "path"]),
    flocker,
    needs("rbd", { monitors: ["a"], image: "b" }, ["monitors", "image"]),
    needs("cinder", { volumeID: "a" }, ["volumeID"]),
    secret("cinder", { volumeID: "a" }),
    needs("cephfs", { monitors: ["a"] }, ["monitors"]),
    needs("quobyte", { registry: "a:1", volume: "v" }, ["volume"]),
    ...quobyte,
    ...fc,
    needs("flexVolume", { driver: "d" }, ["driver"]),
    flex,
    needs("azureFile", { secretName: "a", shareName: "b" }, ["secretName", "shareName"]),
    needs("vsphereVolume", { volumePath: "a" }, ["volumePath"]),
    needs("photonPersistentDisk", { pdID: "a" }, ["pdID"]),
    needs("portworxVolume", { volumeID: "a" }, ["volumeID"]),
    ...azureDisk,
    ...storageos,
    needs("scaleIO", { gateway: "a", system: "b", volumeName: "c", secretRef: { name: "s" } }, [
      "gateway",
      "system",
      "volumeName",
    ]),
  ],
};
