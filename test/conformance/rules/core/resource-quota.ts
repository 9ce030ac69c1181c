import { emptyName, negative, notQualifiedName } from "../messages.ts";
import { invalid, type Json, type KindRules, type Rule, refused, required } from "../rule.ts";

// pkg/apis/core/validation/validation.go ValidateResourceQuota and below; pkg/apis/core/helper/helpers.go.

const notStandard = "must be a standard resource type or fully qualified";
const notForQuota = "must be a standard resource for quota";
const unsuited = "unsupported scope applied to resource";
const conflict = "conflicting scopes";

/** Every name that counts without a domain. */
const standard = [
  ...["cpu", "memory", "ephemeral-storage"].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
  ...["requests.storage", "hugepages-2Mi", "requests.hugepages-2Mi"],
];
const counted = [
  "pods",
  "resourcequotas",
  "services",
  "replicationcontrollers",
  "secrets",
  "configmaps",
  "persistentvolumeclaims",
  "services.nodeports",
  "services.loadbalancers",
];
const compute = ["cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"];
const allOf = (names: readonly string[], value: string): Json => Object.fromEntries(names.map((name) => [name, value]));

const lists = (list: string): readonly Rule[] => [
  {
    says: `a resource in ${list} is one that quotas know, or has a domain`,
    accepts: { [list]: allOf([...standard, ...counted, "example.com/a", "count/pods.apps"], "1") },
    refuses: [
      refused({ [`${list}[storage]`]: "1" }, invalid(`${list}[storage]`, "storage", notForQuota)),
      refused(
        { [`${list}[a]`]: "1" },
        invalid(`${list}[a]`, "a", notStandard),
        invalid(`${list}[a]`, "a", notForQuota),
      ),
      refused(
        { [`${list}[limits.storage]`]: "1" },
        invalid(`${list}[limits.storage]`, "limits.storage", notStandard),
        invalid(`${list}[limits.storage]`, "limits.storage", notForQuota),
      ),
      refused({ [`${list}[a/-]`]: "1" }, invalid(`${list}[a/-]`, "a/-", notQualifiedName)),
      refused(
        { [`${list}[a/]`]: "1" },
        invalid(`${list}[a/]`, "a/", emptyName),
        invalid(`${list}[a/]`, "a/", notQualifiedName),
      ),
    ],
  },
  {
    says: `an amount in ${list} is not negative, and whole where it is a count`,
    accepts: { [list]: { cpu: "1m", pods: "0", "requests.example.com/a": "1m" } },
    refuses: [
      refused({ [`${list}[cpu]`]: "-1" }, invalid(`${list}[cpu]`, "-1", negative)),
      ...[...counted, "example.com/a"].map((name) =>
        refused({ [`${list}[${name}]`]: "500m" }, invalid(`${list}[${name}]`, "500m", "must be an integer")),
      ),
    ],
  },
];

/** What a scope counts, and what else there is. */
const suits: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ...["Terminating", "NotTerminating", "NotBestEffort", "CrossNamespacePodAffinity", "PriorityClass"].map(
    (scope) =>
      [scope, ["pods", ...compute, "example.com/a"], ["services", "requests.storage", "ephemeral-storage"]] as const,
  ),
  ["BestEffort", ["pods", "example.com/a"], ["cpu", "services"]],
  ["VolumeAttributesClass", ["persistentvolumeclaims", "requests.storage"], ["pods", "cpu"]],
];

const scopes: readonly Rule[] = [
  {
    says: "a scope is known",
    accepts: { "spec.scopes": ["PriorityClass"] },
    refuses: refused({ "spec.scopes": ["a"] }, invalid("spec.scopes", ["a"], "unsupported scope")),
  },
  ...suits.map(
    ([scope, good, bad]): Rule => ({
      says: `the scope ${scope} counts what it knows`,
      accepts: { "spec.scopes": [scope], "spec.hard": allOf(good, "1") },
      refuses: bad.map((name) =>
        refused({ "spec.scopes": [scope], "spec.hard": { [name]: "1" } }, invalid("spec.scopes", [scope], unsuited)),
      ),
    }),
  ),
  {
    says: "no two scopes exclude each other",
    accepts: { "spec.scopes": ["BestEffort", "Terminating"] },
    refuses: [
      ["BestEffort", "NotBestEffort"],
      ["NotTerminating", "Terminating"],
    ].map((pair) => refused({ "spec.scopes": pair }, invalid("spec.scopes", pair, conflict))),
  },
];

const place = "spec.scopeSelector.matchExpressions";
const priority = { scopeName: "PriorityClass", operator: "In", values: ["a"] };
const exists =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
const someValue = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
const noValue = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";

const selectors: readonly Rule[] = [
  {
    says: "a selected scope is known",
    accepts: { [place]: [priority] },
    refuses: refused(
      { [place]: [{ ...priority, scopeName: "a" }] },
      invalid(`${place}.scopeName`, "a", "unsupported scope"),
    ),
  },
  {
    says: "a selected scope counts what it knows",
    accepts: { [place]: [priority], "spec.hard": { pods: "1" } },
    refuses: refused(
      { [place]: [priority], "spec.hard": { services: "1" } },
      invalid(place, { MatchExpressions: [{ ScopeName: "PriorityClass", Operator: "In", Values: ["a"] }] }, unsuited),
    ),
  },
  {
    says: "most scopes are there or not",
    accepts: { [place]: [{ scopeName: "PriorityClass", operator: "DoesNotExist" }] },
    refuses: ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "CrossNamespacePodAffinity"].map(
      (scopeName) =>
        refused(
          { [place]: [{ scopeName, operator: "DoesNotExist" }] },
          invalid(`${place}.operator`, "DoesNotExist", exists),
        ),
    ),
  },
  {
    says: "an operator has values or none",
    accepts: [
      { [place]: [{ ...priority, operator: "NotIn" }] },
      { [place]: [{ scopeName: "PriorityClass", operator: "Exists" }] },
    ],
    refuses: [
      ...["In", "NotIn"].map((operator) =>
        refused({ [place]: [{ scopeName: "PriorityClass", operator }] }, required(`${place}.values`, someValue)),
      ),
      ...["Exists", "DoesNotExist"].map((operator) =>
        refused({ [place]: [{ ...priority, operator }] }, invalid(`${place}.values`, ["a"], noValue)),
      ),
    ],
  },
  {
    says: "an operator is known",
    accepts: { [place]: [priority] },
    refuses: refused(
      { [place]: [{ ...priority, operator: "Gt" }] },
      invalid(`${place}.operator`, "Gt", "not a valid selector operator"),
    ),
  },
  {
    says: "no two selected scopes exclude each other",
    accepts: { [place]: ["BestEffort", "Terminating"].map((scopeName) => ({ scopeName, operator: "Exists" })) },
    refuses: refused(
      { [place]: ["BestEffort", "NotBestEffort"].map((scopeName) => ({ scopeName, operator: "Exists" })) },
      invalid(place, null, conflict),
    ),
  },
];

export const resourceQuota: KindRules = {
  group: "",
  kind: "ResourceQuota",
  path: "/api/v1/namespaces/rules/resourcequotas",
  valid: { metadata: { name: "rules" } },
  create: [...lists("spec.hard"), ...scopes, ...selectors],
  update: [
    ...lists("spec.hard"),
    {
      says: "scopes stay, in whatever order",
      stored: { "spec.scopes": ["BestEffort", "Terminating"] },
      accepts: [{ "spec.scopes": ["Terminating", "BestEffort"] }, { "spec.hard.pods": "1" }],
      refuses: [
        refused({ "spec.scopes": ["Terminating"] }, invalid("spec.scopes", ["Terminating"], "field is immutable")),
        refused({ "spec.scopes": undefined }, invalid("spec.scopes", null, "field is immutable")),
      ],
    },
  ],
  subresources: { status: [...lists("status.hard"), ...lists("status.used")] },
};
