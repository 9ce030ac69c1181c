import { longerThan, notDNSLabel, notDNSSubdomain, notLabelValue, notPositive, notQualifiedName } from "../messages.ts";
import {
  type Change,
  forbidden,
  invalid,
  invalidShown,
  type JsonObject,
  notSupported,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const group = "example.com";

/** The rules of the spec of a claim that stands in `spec`: of a claim itself, or of a template of claims. */
export function claimSpecRules(spec: string, claim: Change): readonly Rule[] {
  const at = (fields: JsonObject): Change => ({
    ...claim,
    ...Object.fromEntries(Object.entries(fields).map(([place, value]) => [`${spec}.${place}`, value])),
  });
  const reference = (place: string): Rule => ({
    says: `${place} is of a group, or a claim`,
    accepts: [
      at({ [place]: { kind: "PersistentVolumeClaim", name: "a" } }),
      at({ [place]: { apiGroup: group, kind: "K", name: "a" } }),
    ],
    refuses: ["A", "a_b"].map((apiGroup) =>
      refused(
        at({ dataSource: { apiGroup, kind: "K", name: "a" }, dataSourceRef: { apiGroup, kind: "K", name: "a" } }),
        invalid(`${spec}.dataSource.apiGroup`, apiGroup, notDNSSubdomain),
        invalid(`${spec}.dataSourceRef.apiGroup`, apiGroup, notDNSSubdomain),
      ),
    ),
  });
  const className = (field: string): Rule => ({
    says: `${field} is a DNS subdomain`,
    accepts: [at({ [field]: "a.b" }), at({ [field]: "" })],
    refuses: [
      refused(at({ [field]: "A" }), invalid(`${spec}.${field}`, "A", notDNSSubdomain)),
      refused(at({ [field]: "a".repeat(254) }), invalid(`${spec}.${field}`, "a".repeat(254), longerThan(253))),
    ],
  });
  const both = { apiGroup: group, kind: "K", name: "a" };
  return [
    {
      says: "a claim has access modes, and known ones",
      accepts: accessModes.map((mode) => at({ accessModes: [mode] })),
      refuses: [
        refused(
          { ...claim, [`${spec}.accessModes`]: undefined },
          required(`${spec}.accessModes`, "at least 1 access mode is required"),
        ),
        refused(at({ accessModes: ["ReadOnlyMany", "Any"] }), notSupported(`${spec}.accessModes`, "Any", accessModes)),
      ],
    },
    {
      says: "ReadWriteOncePod stands alone",
      accepts: at({ accessModes: ["ReadWriteOncePod", "ReadWriteOncePod"] }),
      refuses: refused(
        at({ accessModes: ["ReadWriteOncePod", "ReadOnlyMany"] }),
        forbidden(`${spec}.accessModes`, "may not use ReadWriteOncePod with other access modes"),
      ),
    },
    {
      says: "the selector of a claim chooses by labels",
      accepts: at({
        selector: { matchLabels: { a: "b" }, matchExpressions: [{ key: "a", operator: "In", values: ["b"] }] },
      }),
      refuses: [
        refused(
          at({ "selector.matchLabels": { "a b": "" }, accessModes: ["Any"] }),
          invalid(`${spec}.selector.matchLabels`, "a b", notQualifiedName),
          notSupported(`${spec}.accessModes`, "Any", accessModes),
        ),
        refused(
          at({ "selector.matchExpressions": [{ key: "a", operator: "In", values: ["b c"] }] }),
          invalid(`${spec}.selector.matchExpressions[0].values[0]`, "b c", notLabelValue),
        ),
      ],
    },
    {
      says: "a claim asks for some storage",
      accepts: at({ "resources.requests": { storage: "1" } }),
      refuses: [
        refused(at({ "resources.requests": { cpu: "1" } }), required(`${spec}.resources[storage]`)),
        refused(
          at({ "resources.requests": { storage: "0" } }),
          invalid(`${spec}.resources[storage]`, "0", notPositive),
        ),
        refused(
          at({ "resources.requests": { storage: "-1Gi" } }),
          invalid(`${spec}.resources[storage]`, "-1Gi", notPositive),
        ),
      ],
    },
    className("storageClassName"),
    className("volumeAttributesClassName"),
    {
      says: "a claim is for a filesystem or a block device",
      accepts: [at({ volumeMode: "Filesystem" }), at({ volumeMode: "Block" })],
      refuses: refused(at({ volumeMode: "Tape" }), notSupported(`${spec}.volumeMode`, "Tape", ["Block", "Filesystem"])),
    },
    {
      says: "a source of a claim has a name and a kind",
      accepts: at({ dataSourceRef: both }),
      refuses: [
        refused(
          at({ dataSource: { apiGroup: group, kind: "K" }, dataSourceRef: { apiGroup: group, kind: "K" } }),
          required(`${spec}.dataSource.name`),
          required(`${spec}.dataSourceRef.name`),
        ),
        refused(
          at({ dataSource: { apiGroup: group, name: "a" }, dataSourceRef: { apiGroup: group, name: "a" } }),
          required(`${spec}.dataSource.kind`),
          required(`${spec}.dataSourceRef.kind`),
        ),
        refused(
          at({ dataSource: { kind: "K", name: "a" }, dataSourceRef: { kind: "K", name: "a" } }),
          invalid(`${spec}.dataSource`, "K", "must be 'PersistentVolumeClaim' when referencing the default apiGroup"),
          invalid(
            `${spec}.dataSourceRef`,
            "K",
            "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
          ),
        ),
      ],
    },
    reference("dataSource"),
    reference("dataSourceRef"),
    {
      says: "both sources of a claim are one",
      accepts: at({ dataSource: both, dataSourceRef: both }),
      refuses: ["b.example.com", "K2", "b"].map((value, i) =>
        refused(
          at({ dataSource: both, dataSourceRef: { ...both, [["apiGroup", "kind", "name"][i]!]: value } }),
          invalidShown(spec, "{}", "must match dataSourceRef"),
        ),
      ),
    },
  ];
}

/** What the spec of a template may say of other namespaces; a claim loses it. */
export function crossNamespaceRules(spec: string, claim: Change): readonly Rule[] {
  const both = { apiGroup: group, kind: "K", name: "a" };
  const at = (namespace: string, more: Change = {}): Change => ({
    ...claim,
    [`${spec}.dataSourceRef`]: { ...both, namespace },
    ...more,
  });
  return [
    {
      says: "the namespace of a source is a DNS label",
      accepts: [at("a"), at("")],
      refuses: refused(at("a_b"), invalid(`${spec}.dataSourceRef.namespace`, "a_b", notDNSLabel)),
    },
    {
      says: "only the younger field speaks of other namespaces",
      accepts: at("a"),
      refuses: refused(
        at("a", { [`${spec}.dataSource`]: both }),
        invalidShown(spec, "{}", "may not be specified when dataSourceRef.namespace is specified"),
      ),
    },
  ];
}

/** The metadata of a template: labels and annotations, and nothing else. */
export function claimMetadataRules(metadata: string, claim: Change): readonly Rule[] {
  const at = (field: string, value: Change[string]): Change => ({ ...claim, [`${metadata}.${field}`]: value });
  const owner = { apiVersion: "v1", kind: "Pod", name: "a", uid: "b" };
  const others: JsonObject = {
    name: "a",
    generateName: "a",
    namespace: "a",
    selfLink: "a",
    uid: "a",
    resourceVersion: "1",
    generation: 1,
    creationTimestamp: "2026-01-01T00:00:00Z",
    deletionTimestamp: "2026-01-01T00:00:00Z",
    deletionGracePeriodSeconds: 0,
    ownerReferences: [owner],
    finalizers: ["a/b"],
    managedFields: [{ manager: "a", operation: "Update" }],
  };
  const told = (field: string): string => `${metadata}.${field === "uid" ? "uID" : field}`;
  return [
    {
      says: "labels and annotations of a template have keys and values as others have",
      accepts: { ...at("labels", { a: "b" }), ...at("annotations", { "A.b/c": "d e" }) },
      refuses: [
        refused(at("annotations", { "a b": "" }), invalid(`${metadata}.annotations`, "a b", notQualifiedName)),
        refused(
          at("annotations", { a: "x".repeat(262_144) }),
          tooLong(`${metadata}.annotations`, "may not be more than 262144 bytes"),
        ),
        refused(at("labels", { "a b": "" }), invalid(`${metadata}.labels`, "a b", notQualifiedName)),
        refused(at("labels", { a: "b c" }), invalid(`${metadata}.labels`, "b c", notLabelValue)),
      ],
    },
    {
      says: "other metadata of a template is not for the client to say",
      accepts: { ...at("name", ""), ...at("generation", 0), ...at("creationTimestamp", null) },
      refuses: [
        ...Object.entries(others).map(([field, value]) =>
          refused(at(field, value), forbidden(told(field), "cannot be set")),
        ),
        refused(
          { ...at("finalizers", ["a/b"]), ...at("name", "a") },
          forbidden(told("name"), "cannot be set"),
          forbidden(told("finalizers"), "cannot be set"),
        ),
        ...["ownerReferences", "finalizers", "managedFields"].map((field) =>
          refused(at(field, []), forbidden(told(field), "cannot be set")),
        ),
      ],
    },
  ];
}
