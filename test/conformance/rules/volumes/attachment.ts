import { immutable, notDNSSubdomain, outside } from "../messages.ts";
import {
  type Change,
  forbidden,
  invalid,
  invalidShown,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

const source = "spec.source";
const place = `${source}.inlineVolumeSpec`;
const csi = { driver: "d", volumeHandle: "v" };
const volume = { accessModes: ["ReadWriteOnce"], csi };
const inline = (more: JsonObject = {}): Change => ({ [source]: { inlineVolumeSpec: { ...volume, ...more } } });
const exactlyOne = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";
const notInline = "may not be specified in the context of inline volumes";

const create: readonly Rule[] = [
  {
    says: "whoever attaches is a CSI driver",
    accepts: [{ "spec.attacher": "CSI.example.com" }, { "spec.attacher": "d".repeat(63) }],
    refuses: [
      refused({ "spec.attacher": "" }, required("spec.attacher")),
      refused({ "spec.attacher": "a_b" }, invalid("spec.attacher", "a_b", notDNSSubdomain)),
      refused({ "spec.attacher": "d".repeat(64) }, tooLong("spec.attacher", "may not be more than 63 bytes")),
    ],
  },
  {
    says: "an attachment is of one volume, by name or in place",
    accepts: [{ [source]: { persistentVolumeName: "a.b" } }, inline()],
    refuses: [
      refused({ [source]: {} }, required(source, exactlyOne)),
      refused({ [`${source}.inlineVolumeSpec`]: volume }, forbidden(source, exactlyOne)),
      refused(
        { [source]: { persistentVolumeName: "" } },
        required(`${source}.persistentVolumeName`, "must specify non empty persistentVolumeName"),
        invalid(`${source}.persistentVolumeName`, "", notDNSSubdomain),
      ),
      refused(
        { [source]: { persistentVolumeName: "A" } },
        invalid(`${source}.persistentVolumeName`, "A", notDNSSubdomain),
      ),
    ],
  },
  {
    says: "an attachment is to a node",
    accepts: { "spec.nodeName": "a.b" },
    refuses: [
      refused({ "spec.nodeName": "" }, invalid("spec.nodeName", "", notDNSSubdomain)),
      refused({ "spec.nodeName": "A" }, invalid("spec.nodeName", "A", notDNSSubdomain)),
    ],
  },
];

const inPlace: readonly Rule[] = [
  {
    says: "a volume in place is of CSI",
    accepts: inline(),
    refuses: [
      refused(inline({ csi: { driver: "", volumeHandle: "v" } }), required(`${place}.csi.driver`)),
      refused(
        { [source]: { inlineVolumeSpec: { accessModes: ["ReadWriteOnce"], hostPath: { path: "/a" } } } },
        required(`${place}.csi`, "has to be specified in the context of inline volumes"),
      ),
      refused(
        { [source]: { inlineVolumeSpec: { accessModes: ["ReadWriteOnce"], local: { path: "/a" } } } },
        required(`${place}.csi`, "has to be specified in the context of inline volumes"),
        required(`${place}.nodeAffinity`, "Local volume requires node affinity"),
      ),
    ],
  },
  {
    says: "a volume in place has access modes",
    accepts: inline({ accessModes: ["ReadOnlyMany"] }),
    refuses: [
      refused(inline({ accessModes: [] }), required(`${place}.accessModes`)),
      refused(
        inline({ accessModes: ["Any"] }),
        notSupported(`${place}.accessModes`, "Any", [
          "ReadOnlyMany",
          "ReadWriteMany",
          "ReadWriteOnce",
          "ReadWriteOncePod",
        ]),
      ),
    ],
  },
  {
    says: "a volume in place is nobody else's",
    accepts: inline({ persistentVolumeReclaimPolicy: "Retain", volumeMode: "Filesystem" }),
    refuses: [
      ...Object.entries({
        claimRef: { name: "a" },
        capacity: { storage: "1Gi" },
        nodeAffinity: {},
        storageClassName: "a",
      }).map(([field, value]) => refused(inline({ [field]: value }), forbidden(`${place}.${field}`, notInline))),
      refused(
        inline({ persistentVolumeReclaimPolicy: "Delete" }),
        forbidden(`${place}.persistentVolumeReclaimPolicy`, "may only be Retain in the context of inline volumes"),
      ),
      refused(
        inline({ volumeMode: "Block" }),
        forbidden(
          `${place}.volumeMode`,
          "may not specify volumeMode other than Filesystem in the context of inline volumes",
        ),
      ),
    ],
  },
];

const problem = (more: JsonObject): JsonObject => ({ message: "a", ...more });
const status: readonly Rule[] = [
  {
    says: "what is told of an attachment has 256 KiB at most",
    accepts: { "status.attachmentMetadata": { a: "x".repeat(262_143) } },
    refuses: refused(
      { "status.attachmentMetadata": { a: "x".repeat(262_144) } },
      tooLong("status.attachmentMetadata", "may not be more than 262144 bytes"),
    ),
  },
  ...["attachError", "detachError"].map(
    (field): Rule => ({
      says: `${field} is short, and its code is not negative`,
      accepts: { [`status.${field}`]: problem({ message: "x".repeat(1024), errorCode: 0 }) },
      refuses: [
        refused(
          { [`status.${field}`]: problem({ message: "x".repeat(1025) }) },
          // As upstream has it, which tells another limit.
          tooLong(`status.${field}.message`, "may not be more than 262144 bytes"),
        ),
        refused(
          { [`status.${field}`]: problem({ errorCode: -1 }) },
          invalid(`status.${field}.errorCode`, -1, outside(0, 2 ** 31 - 1)),
        ),
      ],
    }),
  ),
];

export const volumeAttachment: KindRules = {
  group: "storage.k8s.io",
  kind: "VolumeAttachment",
  path: "/apis/storage.k8s.io/v1/volumeattachments",
  valid: {
    metadata: { name: "rules" },
    spec: { attacher: "d", nodeName: "n", source: { persistentVolumeName: "v" } },
  },
  create: [...create, ...inPlace],
  update: [
    {
      says: "what is attached where stays",
      accepts: { "metadata.labels.a": "b" },
      refuses: refused(
        { "spec.nodeName": "m" },
        invalidShown(
          "spec",
          '{"Attacher":"d","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}',
          immutable,
        ),
      ),
    },
  ],
  subresources: { status },
};
