import { immutable, longerThan, notDNSLabel, notDNSSubdomain, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
  tooMany,
} from "../rule.ts";
import { claimStatus } from "./claim-status.ts";
import { configurationRules, fullyQualifiedRule, labelRule, selectorListRules } from "./device-names.ts";

const one = "exactly one of `exactly` or `firstAvailable` is required";
const modes = ["All", "ExactCount"];
const effects = ["NoExecute", "NoSchedule", "None"];
const reference =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'";
const many = (count: number, item: (i: number) => Json): readonly Json[] =>
  Array.from({ length: count }, (_, i) => item(i));
const exactly = { deviceClassName: "c" };
const alternative = (name: string): Json => ({ name, deviceClassName: "c" });

/** Of what is asked for at the place: a request, or one of its alternatives. */
function demandRules(place: string): readonly Rule[] {
  const toleration = `${place}.tolerations[0]`;
  return [
    {
      says: `a class is named at ${place}, by a DNS subdomain`,
      accepts: { [`${place}.deviceClassName`]: "a.b" },
      refuses: [
        refused({ [`${place}.deviceClassName`]: "" }, required(`${place}.deviceClassName`)),
        refused({ [`${place}.deviceClassName`]: "A" }, invalid(`${place}.deviceClassName`, "A", notDNSSubdomain)),
        refused(
          { [`${place}.deviceClassName`]: "a".repeat(254) },
          invalid(`${place}.deviceClassName`, "a".repeat(254), longerThan(253)),
        ),
      ],
    },
    {
      says: `all devices are asked for at ${place}, or a number of them`,
      accepts: [{ [`${place}.allocationMode`]: "All" }, { [`${place}.count`]: 9 }],
      refuses: [
        refused({ [`${place}.allocationMode`]: "Some" }, notSupported(`${place}.allocationMode`, "Some", modes)),
        refused(
          { [`${place}.allocationMode`]: "All", [`${place}.count`]: 1 },
          invalid(`${place}.count`, 1, "must not be specified when allocationMode is 'All'"),
        ),
        refused(
          { [`${place}.allocationMode`]: "ExactCount", [`${place}.count`]: -1 },
          invalid(`${place}.count`, -1, "must be greater than zero"),
        ),
      ],
    },
    ...selectorListRules(`${place}.selectors`),
    {
      says: `a toleration at ${place} has an operator, and what belongs to it`,
      accepts: [
        { [toleration]: { operator: "Exists", key: "a.b/c", effect: "NoExecute" } },
        { [toleration]: { operator: "Equal", value: "d" } },
        { [toleration]: { key: "a", effect: "None" } },
      ],
      refuses: [
        refused(
          { [toleration]: { operator: "Like" } },
          notSupported(`${toleration}.operator`, "Like", ["Equal", "Exists"]),
        ),
        refused(
          { [toleration]: { operator: "Exists", value: "d" } },
          invalid(`${toleration}.value`, "d", "must be empty for operator `Exists`"),
        ),
        refused(
          { [toleration]: { operator: "Equal", value: "-" } },
          invalid(`${toleration}.value`, "-", notLabelValue),
        ),
        refused(
          { [toleration]: { operator: "Exists", key: "-" } },
          invalid(`${toleration}.key`, "-", notQualifiedName),
        ),
        refused(
          { [toleration]: { operator: "Exists", effect: "Explode" } },
          notSupported(`${toleration}.effect`, "Explode", effects),
        ),
      ],
    },
  ];
}

/** Of names of requests in the list at the place, where request a has an alternative b. */
function referenceRules(place: string, of: (requests: Json) => Json, outer: string): readonly Rule[] {
  const with2 = { [`${outer}.requests[0]`]: { name: "a", firstAvailable: [alternative("b")] } };
  const at = `${place}.requests`;
  return [
    {
      says: `requests of ${place} are those of the claim, each once`,
      accepts: { ...with2, ...(of(["a", "a/b"]) as object) },
      refuses: [
        refused({ ...with2, ...(of(["c"]) as object) }, invalid(`${at}[0]`, "c", reference)),
        refused({ ...with2, ...(of(["a/c"]) as object) }, invalid(`${at}[0]`, "a/c", reference)),
        refused({ ...with2, ...(of(["a/b/c"]) as object) }, invalid(`${at}[0]`, "a/b/c", reference)),
        refused(
          { ...with2, ...(of(["A"]) as object) },
          invalid(`${at}[0]`, "A", notDNSLabel),
          invalid(`${at}[0]`, "A", reference),
        ),
        refused({ ...with2, ...(of(["a", "a"]) as object) }, duplicate(`${at}[1]`, "a")),
        refused({ ...with2, ...(of(many(33, () => "a")) as object) }, tooMany(at, 33, "must have at most 32 items")),
      ],
    },
  ];
}

/** Of a claim's devices at the place. */
function claimRules(place: string): readonly Rule[] {
  const requests = `${place}.requests`;
  const first = `${requests}[0].firstAvailable`;
  const constraints = `${place}.constraints`;
  const config = `${place}.config`;
  const opaque = { driver: "a", parameters: {} };
  return [
    {
      says: "there are up to 32 requests, each with a name of its own",
      accepts: { [requests]: many(32, (i) => ({ name: `a${i}`, exactly })) },
      refuses: [
        refused(
          { [requests]: many(33, (i) => ({ name: `a${i}`, exactly })) },
          tooMany(requests, 33, "must have at most 32 items"),
        ),
        refused({ [requests]: many(2, () => ({ name: "a", exactly })) }, duplicate(`${requests}[1]`, "a")),
      ],
    },
    labelRule(`${requests}[0].name`, (name) => ({ [`${requests}[0].name`]: name })),
    {
      says: "a request is for one thing, or has alternatives",
      accepts: [
        { [requests]: [{ name: "a", exactly }] },
        { [requests]: [{ name: "a", firstAvailable: [alternative("b")] }] },
      ],
      refuses: [
        refused({ [requests]: [{ name: "a" }] }, required(`${requests}[0]`, one)),
        refused(
          { [requests]: [{ name: "a", exactly, firstAvailable: [alternative("b")] }] },
          invalid(`${requests}[0]`, null, `${one}, but multiple fields are set`),
        ),
      ],
    },
    {
      says: "there are up to eight alternatives, each with a name of its own",
      accepts: { [requests]: [{ name: "a", firstAvailable: many(8, (i) => alternative(`b${i}`)) }] },
      refuses: [
        refused(
          { [requests]: [{ name: "a", firstAvailable: many(9, (i) => alternative(`b${i}`)) }] },
          tooMany(first, 9, "must have at most 8 items"),
        ),
        refused(
          { [requests]: [{ name: "a", firstAvailable: [alternative("b"), alternative("b")] }] },
          duplicate(`${first}[1]`, "b"),
        ),
        refused(
          { [requests]: [{ name: "a", firstAvailable: [alternative("B")] }] },
          invalid(`${first}[0].name`, "B", notDNSLabel),
        ),
        refused(
          { [requests]: [{ name: "a", firstAvailable: [{ name: "b", deviceClassName: "" }] }] },
          required(`${first}[0].deviceClassName`),
        ),
      ],
    },
    ...demandRules(`${requests}[0].exactly`),
    {
      says: "there are up to 32 constraints, each of an attribute",
      accepts: { [constraints]: many(32, () => ({ matchAttribute: "a.b/c" })) },
      refuses: [
        refused(
          { [constraints]: many(33, () => ({ matchAttribute: "a.b/c" })) },
          tooMany(constraints, 33, "must have at most 32 items"),
        ),
        refused(
          { [constraints]: [{}] },
          required(
            `${constraints}[0]`,
            'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
          ),
        ),
      ],
    },
    ...["matchAttribute", "distinctAttribute"].map((field) =>
      fullyQualifiedRule(`${constraints}[0].${field}`, (name) => ({ [constraints]: [{ [field]: name }] })),
    ),
    ...referenceRules(
      `${constraints}[0]`,
      (names) => ({ [constraints]: [{ requests: names, matchAttribute: "a.b/c" }] }),
      place,
    ),
    ...referenceRules(`${config}[0]`, (names) => ({ [config]: [{ requests: names, opaque }] }), place),
    ...configurationRules(config),
  ];
}

const shownRequest = (count: number): Json => ({
  Name: "a",
  Exactly: {
    DeviceClassName: "c",
    Selectors: null,
    AllocationMode: "ExactCount",
    Count: count,
    AdminAccess: null,
    Tolerations: null,
    Capacity: null,
  },
  FirstAvailable: null,
});
/** As Go's JSON has the internal type. */
const shownSpec = (count: number): Json => ({
  Devices: { Requests: [shownRequest(count)], Constraints: null, Config: null },
});

export const resourceClaim: KindRules = {
  group: "resource.k8s.io",
  kind: "ResourceClaim",
  path: "/apis/resource.k8s.io/v1/namespaces/default/resourceclaims",
  valid: { metadata: { name: "rules" }, spec: { devices: { requests: [{ name: "a", exactly }] } } },
  create: claimRules("spec.devices"),
  update: [
    {
      says: "what is claimed does not change",
      accepts: { "metadata.labels.a": "b" },
      refuses: refused(
        { "spec.devices.requests[0].exactly.count": 2 },
        invalidShown("spec", JSON.stringify(shownSpec(2)), immutable),
      ),
    },
  ],
  subresources: { status: claimStatus },
};

export const resourceClaimTemplate: KindRules = {
  group: "resource.k8s.io",
  kind: "ResourceClaimTemplate",
  path: "/apis/resource.k8s.io/v1/namespaces/default/resourceclaimtemplates",
  valid: { metadata: { name: "rules" }, spec: { spec: { devices: { requests: [{ name: "a", exactly }] } } } },
  create: [
    {
      says: "claims get labels and annotations, and nothing else",
      accepts: { "spec.metadata": { labels: { a: "b" }, annotations: { "a.b/c": "d e" } } },
      refuses: [
        refused({ "spec.metadata.labels.a": "-" }, invalid("spec.metadata.labels", "-", notLabelValue)),
        refused({ "spec.metadata.annotations[-]": "a" }, invalid("spec.metadata.annotations", "-", notQualifiedName)),
        refused({ "spec.metadata.name": "a" }, forbidden("spec.metadata.name", "cannot be set")),
        refused({ "spec.metadata.uid": "a" }, forbidden("spec.metadata.uID", "cannot be set")),
        refused({ "spec.metadata.finalizers": ["a"] }, forbidden("spec.metadata.finalizers", "cannot be set")),
        refused(
          { "spec.metadata": { finalizers: [], uid: "a", name: "b", ownerReferences: [] } },
          forbidden("spec.metadata.name", "cannot be set"),
          forbidden("spec.metadata.uID", "cannot be set"),
          forbidden("spec.metadata.ownerReferences", "cannot be set"),
          forbidden("spec.metadata.finalizers", "cannot be set"),
        ),
      ],
    },
    ...claimRules("spec.spec.devices"),
  ],
  update: [
    {
      says: "what claims are made of does not change",
      accepts: { "metadata.labels.a": "b" },
      refuses: refused(
        { "spec.metadata.labels": { b: "c", a: "d" }, "spec.spec.devices.requests[0].exactly.count": 2 },
        invalidShown("spec", JSON.stringify({ labels: { a: "d", b: "c" }, Spec: shownSpec(2) }), immutable),
      ),
    },
  ],
};
