import {
  emptyName,
  emptyPrefix,
  immutable,
  longerThan,
  longLabelValue,
  longName,
  longPrefix,
  notDNSSubdomain,
  notLabelValue,
  notPrefix,
  notQualifiedName,
  twoSlashes,
} from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  type Rule,
  refused,
  required,
  tooLong,
} from "../rule.ts";

/** What a key is not, and what is said of it. */
const badKeys: readonly (readonly [string, ...string[]])[] = [
  ["", emptyName, notQualifiedName],
  ["a/", emptyName, notQualifiedName],
  ["/a", emptyPrefix],
  ["a_b/c", notPrefix],
  [`${"a".repeat(254)}/b`, longPrefix],
  ["a".repeat(64), longName],
  ["-a", notQualifiedName],
  ["a/b/c", twoSlashes],
];
const goodKeys = ["a", "a.b/C_d", "9", "a".repeat(63), `${"a".repeat(253)}/b`];
const size = 256 * 1024;

const names: readonly Rule[] = [
  {
    says: "an object has a name",
    accepts: [{ "metadata.name": "a".repeat(253) }, { "metadata.name": undefined, "metadata.generateName": "a-" }],
    refuses: [
      refused({ "metadata.name": undefined }, required("metadata.name", "name or generateName is required")),
      refused({ "metadata.name": "A" }, invalid("metadata.name", "A", notDNSSubdomain)),
      refused({ "metadata.name": "a".repeat(254) }, invalid("metadata.name", "a".repeat(254), longerThan(253))),
    ],
  },
  {
    says: "what a name is generated from is the beginning of one",
    accepts: ["a", "a-", "a.b-"].map((text) => ({ "metadata.generateName": text })),
    refuses: ["A", "-", "a."].map((text) =>
      refused({ "metadata.generateName": text }, invalid("metadata.generateName", text, notDNSSubdomain)),
    ),
  },
  {
    says: "no generation is negative",
    accepts: { "metadata.generation": 0 },
    refuses: refused(
      { "metadata.generation": -1 },
      invalid("metadata.generation", -1, "must be greater than or equal to 0"),
    ),
  },
];

/** Rules of what is new and of what is changed; of that, what is wrong is found `times` over. */
function labelling(times: number): readonly Rule[] {
  const found = (...causes: readonly Cause[]): readonly Cause[] => Array(times).fill(causes).flat();
  const of = (place: string, value: Json, messages: readonly string[]): readonly Cause[] =>
    found(...messages.map((message) => invalid(place, value, message)));
  return [
    {
      says: "a label's key is a qualified name",
      accepts: goodKeys.map((key) => ({ "metadata.labels": { [key]: "" } })),
      refuses: badKeys.map(([key, ...messages]) =>
        refused({ "metadata.labels": { [key]: "" } }, ...of("metadata.labels", key, messages)),
      ),
    },
    {
      says: "a label's value is empty or a name of 63 bytes",
      accepts: ["", "a", "A_b.c-9", "a".repeat(63)].map((value) => ({ "metadata.labels.a": value })),
      refuses: [
        ...["-", "a b", "a."].map((value) =>
          refused({ "metadata.labels.a": value }, ...of("metadata.labels", value, [notLabelValue])),
        ),
        refused({ "metadata.labels.a": "a".repeat(64) }, ...of("metadata.labels", "a".repeat(64), [longLabelValue])),
      ],
    },
    {
      says: "an annotation's key is a qualified name, in any case",
      accepts: [...goodKeys, "A.B/c"].map((key) => ({ "metadata.annotations": { [key]: "a b\n" } })),
      refuses: badKeys.map(([key, ...messages]) =>
        refused({ "metadata.annotations": { [key]: "" } }, ...of("metadata.annotations", key, messages)),
      ),
    },
    {
      says: "annotations have 256 kibibytes together",
      accepts: { "metadata.annotations": { a: "b".repeat(size - 1) } },
      refuses: refused(
        { "metadata.annotations": { a: "b".repeat(size - 2), c: "d" } },
        ...found(tooLong("metadata.annotations", `may not be more than ${size} bytes`)),
      ),
    },
    ...owning(found),
  ];
}

function owning(found: (...causes: readonly Cause[]) => readonly Cause[]): readonly Rule[] {
  const owner = { apiVersion: "v1", kind: "Pod", name: "a", uid: "b" };
  const event = { ...owner, kind: "Event" };
  const controllers = [
    { ...owner, controller: true },
    { apiVersion: "apps/v1", kind: "ReplicaSet", name: "c", uid: "d", controller: true },
  ];
  const owners = "metadata.ownerReferences";
  return [
    {
      says: "an owner is named as a whole",
      accepts: { [owners]: [owner, { ...owner, apiVersion: "apps/v1", uid: "c" }] },
      refuses: [
        ...["", "/", "a/b/c"].map((apiVersion) =>
          refused(
            { [owners]: [{ ...owner, apiVersion }] },
            ...found(invalid(`${owners}.apiVersion`, apiVersion, "version must not be empty")),
          ),
        ),
        ...["kind", "name", "uid"].map((field) =>
          refused(
            { [owners]: [{ ...owner, [field]: "" }] },
            ...found(invalid(`${owners}.${field}`, "", "must not be empty")),
          ),
        ),
      ],
    },
    {
      says: "an event owns nothing",
      accepts: { [owners]: [{ ...event, apiVersion: "events.k8s.io/v1" }] },
      refuses: refused(
        { [owners]: [event] },
        ...found(invalid(owners, event, "/v1, Kind=Event is disallowed from being an owner")),
      ),
    },
    {
      says: "one owner is the controller",
      accepts: { [owners]: [controllers[0]!, { ...controllers[1]!, controller: false }] },
      refuses: refused(
        { [owners]: controllers },
        ...found(
          invalid(
            owners,
            controllers,
            'Only one reference can have Controller set to true. Found "true" in references for Pod/a and ReplicaSet/c',
          ),
        ),
      ),
    },
  ];
}

/** What finalizers are, as `times` looks at them find: and once more, whose they are. */
function finalizing(times: number): readonly Rule[] {
  const both = ["orphan", "foregroundDeletion"];
  const message = "name is neither a standard finalizer name nor is it fully qualified";
  const unknown = (name: string): Cause => invalid("metadata.finalizers[0]", name, message);
  const of = (...causes: readonly Cause[]): readonly Cause[] => Array(times).fill(causes).flat();
  return [
    {
      says: "a finalizer is a qualified name",
      accepts: { "metadata.finalizers": ["a.b/c"] },
      refuses: badKeys
        .filter(([key]) => key !== "")
        .map(([key, ...messages]) => {
          const causes = messages.map((message) => invalid("metadata.finalizers", key, message));
          const unknowns = key.includes("/") ? [] : [unknown(key)];
          const again = times === 1 ? [] : [...causes, ...unknowns];
          return refused({ "metadata.finalizers": [key] }, ...causes, ...unknowns, ...again);
        }),
    },
    {
      says: "a finalizer is Kubernetes' own, or of a domain",
      accepts: [...both, "kubernetes", "a/b"].map((one) => ({ "metadata.finalizers": [one] })),
      refuses: ["a", "a.b", "Orphan"].map((one) => refused({ "metadata.finalizers": [one] }, ...of(unknown(one)))),
    },
    {
      says: "dependents are left behind, or deleted",
      accepts: both.map((one) => ({ "metadata.finalizers": [one] })),
      refuses: refused(
        { "metadata.finalizers": both },
        ...of(invalid("metadata.finalizers", both, "finalizer orphan and foregroundDeletion cannot be both set")),
      ),
    },
  ];
}

const deletion: readonly Rule[] = [
  {
    says: "what is deleted gets no more finalizers",
    stored: { "metadata.finalizers": ["a.b/c", "a.b/d"] },
    deleted: true,
    accepts: { "metadata.finalizers": ["a.b/d"] },
    refuses: refused(
      { "metadata.finalizers": ["a.b/f", "a.b/c", "a.b/e"] },
      ...Array<Cause>(2).fill(
        forbidden(
          "metadata.finalizers",
          'no new finalizers can be added if the object is being deleted, found new finalizers []string{"a.b/e", "a.b/f"}',
        ),
      ),
    ),
  },
  {
    says: "nothing is deleted by a change",
    accepts: { "metadata.labels.a": "b" },
    refuses: [
      refused(
        { "metadata.deletionTimestamp": "2026-01-01T00:00:00Z" },
        ...Array<Cause>(2).fill(invalid("metadata.deletionTimestamp", "2026-01-01T00:00:00Z", immutable)),
      ),
      refused(
        { "metadata.deletionGracePeriodSeconds": 30 },
        ...Array<Cause>(2).fill(invalid("metadata.deletionGracePeriodSeconds", 30, immutable)),
      ),
    ],
  },
];

/** Metadata of all objects, by one that has little else. Of a changed one it is looked at four times, finalizers twice. */
export const objectMeta: KindRules = {
  group: "",
  kind: "ConfigMap",
  path: "/api/v1/namespaces/default/configmaps",
  valid: { metadata: { name: "rules-of-metadata" } },
  create: [...names, ...labelling(1), ...finalizing(1)],
  update: [...labelling(4), ...finalizing(2), ...deletion],
};
