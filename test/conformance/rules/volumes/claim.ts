import { immutable, notQualifiedName } from "../messages.ts";
import { claimSpecRules } from "../pods-volumes/claim-spec.ts";
import { type Cause, forbidden, invalid, type KindRules, notSupported, type Rule, refused } from "../rule.ts";

const storage = "spec.resources.requests.storage";
const annotation = "volume.beta.kubernetes.io/storage-class";
const annotations = `metadata.annotations[${annotation}]`;
/** Claims of this class may grow. */
export const growing = {
  metadata: { name: "growing" },
  provisioner: "example.com/p",
  allowVolumeExpansion: true,
};
const bound = {
  "spec.storageClassName": "growing",
  "spec.volumeName": "v",
  "status.phase": "Bound",
  "status.capacity": { storage: "1Gi" },
};

/** Of the spec, with what differs in upstream's internal form. */
const immutableSpec = (...lines: readonly string[]): Cause =>
  forbidden(
    "spec",
    [
      "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      ...lines,
      "",
    ].join("\n"),
  );

const update: readonly Rule[] = [
  {
    says: "a claim is bound to a volume once",
    stored: { "spec.volumeName": undefined },
    accepts: { "spec.volumeName": "v" },
    refuses: [],
  },
  {
    says: "what a claim asks for stays until it is bound",
    accepts: { "metadata.labels.a": "b" },
    refuses: refused(
      { [storage]: "2Gi" },
      immutableSpec(
        "@@ -6,7 +6,7 @@",
        '  "Resources": {',
        '   "Limits": null,',
        '   "Requests": {',
        '-   "storage": "1Gi"',
        '+   "storage": "2Gi"',
        "   }",
        "  },",
        '  "VolumeName": "",',
      ),
    ),
  },
  {
    says: "a bound claim may ask for more, and for other attributes",
    stored: bound,
    accepts: [{ [storage]: "2Gi" }, { "spec.volumeAttributesClassName": "a" }],
    refuses: refused({ [storage]: "512Mi" }, forbidden(storage, "field can not be less than status.capacity")),
  },
  {
    says: "a claim whose expansion failed may ask for less again, and for more than it has",
    stored: { ...bound, [storage]: "3Gi" },
    accepts: [{ [storage]: "2Gi" }, { [storage]: "1025Mi" }],
    refuses: refused({ [storage]: "1Gi" }, forbidden(storage, "field can not be less than status.capacity")),
  },
  {
    says: "attributes of a volume are not taken away",
    stored: {
      ...bound,
      "spec.volumeAttributesClassName": "a",
      "status.currentVolumeAttributesClassName": "a",
    },
    accepts: { "spec.volumeAttributesClassName": "b" },
    refuses: [
      refused(
        { "spec.volumeAttributesClassName": undefined },
        forbidden(
          "spec.volumeAttributesClassName",
          "update to nil is forbidden when status.currentVolumeAttributesClassName is not nil",
        ),
      ),
      refused(
        { "spec.volumeAttributesClassName": "" },
        forbidden(
          "spec.volumeAttributesClassName",
          "update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil",
        ),
      ),
    ],
  },
  {
    says: "a class is told once",
    accepts: { "spec.storageClassName": "a" },
    refuses: [],
  },
  {
    says: "the class of an annotation stays, or becomes the field's",
    stored: { [annotations]: "a" },
    accepts: [{ "spec.storageClassName": "a" }, { "spec.storageClassName": "a", [annotations]: undefined }],
    refuses: [
      refused({ [annotations]: "b" }, invalid(`metadata.annotations.${annotation}`, "b", immutable)),
      refused({ [annotations]: undefined }, invalid(`metadata.annotations.${annotation}`, "", immutable)),
    ],
  },
  {
    says: "the mode of a volume stays",
    stored: { "status.phase": "Bound" },
    accepts: {},
    refuses: refused(
      { "spec.volumeMode": "Block" },
      immutableSpec(
        "@@ -11,7 +11,7 @@",
        "  },",
        '  "VolumeName": "",',
        '  "StorageClassName": null,',
        '- "VolumeMode": "Filesystem",',
        '+ "VolumeMode": "Block",',
        '  "DataSource": null,',
        '  "DataSourceRef": null,',
        '  "VolumeAttributesClassName": null',
      ),
      invalid("volumeMode", "Block", immutable),
    ),
  },
];

const states = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
];
const allocated = "status.allocatedResources";
const allocatedStates = "status.allocatedResourceStatuses";
const badAmount = "must be a valid resource quantity";
const status: readonly Rule[] = [
  {
    says: "a capacity is not negative",
    accepts: { "status.capacity": { storage: "0", "example.com/a": "1" } },
    refuses: [
      refused({ "status.capacity": { storage: "-1" } }, invalid("status.capacity[storage]", -1, badAmount)),
      refused({ "status.capacity": { storage: "-1500m" } }, invalid("status.capacity[storage]", -2, badAmount)),
    ],
  },
  {
    says: "what is allocated is storage, or of a domain, and not negative",
    accepts: { [allocated]: { storage: "1", "example.com/a": "1" } },
    refuses: [
      refused({ [allocated]: { storage: "-1" } }, invalid(`${allocated}[storage]`, -1, badAmount)),
      refused({ [allocated]: { cpu: "-1" } }, notSupported(allocated, "cpu", ["storage"])),
      refused({ [allocated]: { "a.kubernetes.io/b": "1" } }, notSupported(allocated, "a.kubernetes.io/b", ["storage"])),
      refused({ [allocated]: { "a b": "-1" } }, invalid(allocated, "a b", notQualifiedName)),
    ],
  },
  {
    says: "a resize is under way, or cannot be",
    accepts: states.map((state) => ({ [allocatedStates]: { storage: state } })),
    refuses: [
      // Upstream shows the resource.
      refused({ [allocatedStates]: { storage: "Done" } }, notSupported(allocatedStates, "storage", states)),
      refused(
        { [allocatedStates]: { cpu: "Done" } },
        notSupported(allocatedStates, "cpu", ["storage"]),
        notSupported(allocatedStates, "cpu", states),
      ),
    ],
  },
];

export const claim: KindRules = {
  group: "",
  kind: "PersistentVolumeClaim",
  path: "/api/v1/namespaces/default/persistentvolumeclaims",
  valid: {
    metadata: { name: "rules" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  },
  create: [
    ...claimSpecRules("spec", {}),
    {
      says: "a source in another namespace is overlooked",
      accepts: {
        "spec.dataSourceRef": { apiGroup: "example.com", kind: "K", name: "a", namespace: "A b" },
      },
      refuses: [],
    },
  ],
  update,
  subresources: { status },
};
