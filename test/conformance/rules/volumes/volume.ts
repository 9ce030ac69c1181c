import { immutable, longerThan, notDNSSubdomain, notLabelValue, notPositive, notQualifiedName } from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";
import { source, volume } from "./volume-base.ts";

const modes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const capacity = "spec.capacity";
const notStorage = (shown: string): Cause => ({
  reason: "FieldValueNotSupported",
  message: `Unsupported value: ${shown}: supported values: "storage"`,
  field: capacity,
});
const policy = "spec.persistentVolumeReclaimPolicy";
const basics: readonly Rule[] = [
  {
    says: "a volume has access modes, and known ones",
    accepts: modes.map((mode) => ({ "spec.accessModes": [mode] })),
    refuses: [
      refused({ "spec.accessModes": [] }, required("spec.accessModes")),
      refused({ "spec.accessModes": ["Any"] }, notSupported("spec.accessModes", "Any", modes)),
      refused(
        { "spec.accessModes": ["ReadWriteOncePod", "ReadWriteOnce"] },
        forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes"),
      ),
    ],
  },
  {
    says: "a volume has some storage, and nothing else",
    accepts: { [capacity]: { storage: "1" } },
    refuses: [
      refused({ [capacity]: undefined }, required(capacity), notStorage("null")),
      refused({ [capacity]: { cpu: "1" } }, notStorage('{"cpu":"1"}')),
      refused({ [capacity]: { storage: "1", cpu: "1" } }, notStorage('{"cpu":"1","storage":"1"}')),
      refused({ [capacity]: { storage: "0" } }, invalid(`${capacity}[storage]`, "0", notPositive)),
      refused(
        { [capacity]: { storage: "-1500m" } },
        invalid(`${capacity}[storage]`, -2, "must be a valid resource quantity"),
        invalid(`${capacity}[storage]`, "-1500m", notPositive),
      ),
    ],
  },
  {
    says: "a volume is deleted, recycled or retained",
    accepts: ["Delete", "Recycle", "Retain"].map((value) => ({ [policy]: value })),
    refuses: refused({ [policy]: "Lose" }, notSupported(policy, "Lose", ["Delete", "Recycle", "Retain"])),
  },
  {
    says: "a volume is a filesystem or a block device",
    accepts: [{ "spec.volumeMode": "Filesystem" }, { "spec.volumeMode": "Block" }],
    refuses: refused({ "spec.volumeMode": "Tape" }, notSupported("spec.volumeMode", "Tape", ["Block", "Filesystem"])),
  },
  {
    says: "the class of a volume is a DNS subdomain",
    accepts: [{ "spec.storageClassName": "a.b" }, { "spec.storageClassName": "" }],
    refuses: [
      refused({ "spec.storageClassName": "A" }, invalid("spec.storageClassName", "A", notDNSSubdomain)),
      refused(
        { "spec.storageClassName": "a".repeat(254) },
        invalid("spec.storageClassName", "a".repeat(254), longerThan(253)),
      ),
    ],
  },
];

const csi = source("csi", { driver: "d", volumeHandle: "v" });
const attributes = "spec.volumeAttributesClassName";
const mountOptions = "volume.beta.kubernetes.io/mount-options";
const others: readonly Rule[] = [
  {
    says: "attributes are of a class, and of CSI",
    accepts: { ...csi, [attributes]: "a.b" },
    refuses: [
      refused({ ...csi, [attributes]: "" }, required(attributes, "an empty string is disallowed")),
      refused({ ...csi, [attributes]: "A" }, invalid(attributes, "A", notDNSSubdomain)),
      refused({ [attributes]: "a" }, required("spec.csi", "has to be specified when using volumeAttributesClassName")),
    ],
  },
  {
    says: "options of mounts in an annotation are for kinds that are mounted",
    accepts: {
      ...source("nfs", { server: "s", path: "/" }),
      [`metadata.annotations[${mountOptions}]`]: "a",
    },
    refuses: refused(
      { [`metadata.annotations[${mountOptions}]`]: "a" },
      forbidden(`metadata.annotations.${mountOptions}`, "may not specify mount options for this volume type"),
    ),
  },
];

const terms = "spec.nodeAffinity.required.nodeSelectorTerms";
const needs = (...expressions: readonly Json[]) => ({ [terms]: [{ matchExpressions: expressions }] });
const inZone = (key: string, ...values: readonly string[]): Json => ({ key, operator: "In", values });
const affinities: readonly Rule[] = [
  {
    says: "a volume is near nodes that are told",
    accepts: needs(inZone("zone", "a")),
    refuses: [
      refused(
        { "spec.nodeAffinity": {} },
        required("spec.nodeAffinity.required", "must specify required node constraints"),
      ),
      refused({ [terms]: [] }, required(terms, "must have at least one node selector term")),
      refused(needs(inZone("a b", "a")), invalid(`${terms}[0].matchExpressions[0].key`, "a b", notQualifiedName)),
      refused(needs(inZone("zone", "a b")), invalid(`${terms}[0].matchExpressions[0].values[0]`, "a b", notLabelValue)),
    ],
  },
];

const moved = "field is immutable, except for updating from beta label to GA";
const shown = (key: string, value: string): string =>
  `{"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"${key}","Operator":"In","Values":["${value}"]}],"MatchFields":null}]}}`;
const renamed = {
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
};
const twice = (cause: Cause): readonly Cause[] => [cause, cause];
/** With what differs, in upstream's internal form. */
const immutableSource = (...lines: readonly string[]): Cause =>
  forbidden(
    "spec.persistentvolumesource",
    ["spec.persistentvolumesource is immutable after creation", ...lines, ""].join("\n"),
  );
const update: readonly Rule[] = [
  {
    says: "what holds of each volume is told twice of a changed one",
    accepts: { "spec.capacity.storage": "2Gi" },
    refuses: [
      refused({ "spec.accessModes": [] }, ...twice(required("spec.accessModes"))),
      refused(
        { "spec.accessModes": [], [`metadata.annotations[${mountOptions}]`]: "a" },
        required("spec.accessModes"),
        forbidden(`metadata.annotations.${mountOptions}`, "may not specify mount options for this volume type"),
        required("spec.accessModes"),
      ),
    ],
  },
  {
    says: "the source of a volume stays",
    accepts: { "spec.mountOptions": ["a"] },
    refuses: refused(
      { "spec.hostPath.path": "/b" },
      immutableSource(
        "@@ -2,7 +2,7 @@",
        '  "GCEPersistentDisk": null,',
        '  "AWSElasticBlockStore": null,',
        '  "HostPath": {',
        '-  "Path": "/a",',
        '+  "Path": "/b",',
        '   "Type": ""',
        "  },",
        '  "Glusterfs": null,',
      ),
    ),
  },
  {
    says: "the secret for expansion may be told later",
    stored: csi,
    accepts: { "spec.csi.controllerExpandSecretRef": { name: "a", namespace: "b" } },
    refuses: [],
  },
  {
    says: "the mode of a volume stays",
    accepts: {},
    refuses: refused({ "spec.volumeMode": "Block" }, invalid("volumeMode", "Block", immutable)),
  },
  {
    says: "a volume may be told to be somewhere once",
    accepts: needs(inZone("zone", "a")),
    refuses: [],
  },
  {
    says: "a volume stays where it is",
    stored: needs(inZone("zone", "a")),
    accepts: {},
    refuses: [
      refused(
        { [`${terms}[0].matchExpressions[0].values[0]`]: "b" },
        invalidShown("nodeAffinity", shown("zone", "b"), moved),
      ),
      refused({ "spec.nodeAffinity": undefined }, invalidShown("nodeAffinity", "null", moved)),
    ],
  },
  ...Object.entries(renamed).map(
    ([before, after]): Rule => ({
      says: `${before} may become ${after}`,
      stored: needs(inZone(before, "a")),
      accepts: { [`${terms}[0].matchExpressions[0].key`]: after },
      refuses: refused(
        { [`${terms}[0].matchExpressions[0].key`]: "other" },
        invalidShown("nodeAffinity", shown("other", "a"), moved),
      ),
    }),
  ),
  {
    says: "attributes of a volume change, and are not taken away",
    stored: { ...csi, [attributes]: "a" },
    accepts: { [attributes]: "b" },
    refuses: refused(
      { [attributes]: undefined },
      forbidden(attributes, "update from non-nil value to nil is forbidden"),
    ),
  },
];

export const volumes: KindRules = {
  ...volume,
  create: [...basics, ...others, ...affinities],
  update,
};
