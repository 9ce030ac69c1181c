import { longerThan, notDNSLabel, notDNSSubdomain } from "../messages.ts";
import {
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  type JsonObject,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];
const user = { kind: "User", user: { name: "a" } };
const group = { kind: "Group", group: { name: "a" } };
const account = { kind: "ServiceAccount", serviceAccount: { namespace: "default", name: "a" } };
const subject = "spec.rules[0].subjects[0]";
const resource = "spec.rules[0].resourceRules[0]";
const nonResource = "spec.rules[0].nonResourceRules[0]";

/** Both resources of the group have such conditions. */
export const conditions: readonly Rule[] = [
  {
    says: "a condition has a type",
    accepts: { "status.conditions[0]": { type: "a", status: "Maybe" } },
    refuses: refused({ "status.conditions[0]": { type: "", status: "True" } }, required("status.conditions[0].type")),
  },
  {
    says: "no two conditions are of one type",
    accepts: { "status.conditions": [{ type: "a" }, { type: "b" }] },
    refuses: refused(
      { "status.conditions": [{ type: "a" }, { type: "a" }] },
      duplicate("status.conditions[1].type", "a"),
    ),
  },
];

const spec: readonly Rule[] = [
  {
    says: "precedence is between 2 and 10000",
    accepts: [2, 10_000].map((value) => ({ "spec.matchingPrecedence": value })),
    refuses: [
      refused({ "spec.matchingPrecedence": -1 }, invalid("spec.matchingPrecedence", -1, "must be a positive value")),
      refused(
        { "spec.matchingPrecedence": 10_001 },
        invalid("spec.matchingPrecedence", 10_001, "must not be greater than 10000"),
      ),
      refused(
        { "spec.matchingPrecedence": 1 },
        invalid("spec.matchingPrecedence", 1, "only the schema named 'exempt' may have matchingPrecedence 1"),
      ),
    ],
  },
  {
    says: "flows are told apart by namespace or by user",
    accepts: ["ByNamespace", "ByUser"].map((type) => ({ "spec.distinguisherMethod": { type } })),
    refuses: refused(
      { "spec.distinguisherMethod": { type: "ByName" } },
      notSupported("spec.distinguisherMethod.type", { Type: "ByName" }, ["ByNamespace", "ByUser"]),
    ),
  },
  {
    says: "a priority level is named, by a DNS subdomain",
    accepts: { "spec.priorityLevelConfiguration.name": "a".repeat(253) },
    refuses: [
      refused(
        { "spec.priorityLevelConfiguration.name": "" },
        required("spec.priorityLevelConfiguration.name", "must reference a priority level"),
      ),
      refused(
        { "spec.priorityLevelConfiguration.name": "A" },
        invalid("spec.priorityLevelConfiguration.name", "A", notDNSSubdomain),
      ),
    ],
  },
];

const mandatory: readonly Rule[] = [
  {
    says: "what must be there stays as it is",
    accepts: { "spec.matchingPrecedence": 10_000 },
    refuses: refused(
      { "metadata.name": "catch-all" },
      invalidShown("spec", shown(), "spec of 'catch-all' must equal the fixed value"),
    ),
  },
];

/** As Go's JSON has the internal type. */
function shown(): string {
  const all = { Verbs: ["*"], NonResourceURLs: ["*"] };
  return JSON.stringify({
    PriorityLevelConfiguration: { Name: "a" },
    MatchingPrecedence: 1000,
    DistinguisherMethod: null,
    Rules: [
      {
        Subjects: [{ Kind: "User", User: { Name: "a" }, Group: null, ServiceAccount: null }],
        ResourceRules: [
          { Verbs: ["get"], APIGroups: [""], Resources: ["pods"], ClusterScope: false, Namespaces: ["*"] },
        ],
        NonResourceRules: [all],
      },
    ],
  });
}

const subjects: readonly Rule[] = [
  {
    says: "a rule has subjects",
    accepts: { "spec.rules": [] },
    refuses: refused(
      { "spec.rules[0].subjects": [] },
      required("spec.rules[0].subjects", "subjects must contain at least one value"),
    ),
  },
  {
    says: "a subject is a user, a group or a service account",
    accepts: [user, group, account].map((one) => ({ [subject]: one })),
    refuses: refused(
      { [subject]: { ...user, kind: "Robot" } },
      notSupported(`${subject}.kind`, "Robot", ["Group", "ServiceAccount", "User"]),
    ),
  },
  {
    says: "a subject of a kind is told by the member of that kind",
    accepts: { [`${subject}.user.name`]: "*" },
    refuses: [
      ...[user, group, account].map(({ kind }) => {
        const member = kind[0]!.toLowerCase() + kind.slice(1);
        const detail = `${member} is required when subject kind is '${kind}'`;
        return refused({ [subject]: { kind } }, required(`${subject}.${member}`, detail));
      }),
      refused({ [subject]: { kind: "User", user: { name: "" } } }, required(`${subject}.user.name`)),
      refused({ [subject]: { kind: "Group", group: { name: "" } } }, required(`${subject}.group.name`)),
    ],
  },
  {
    says: "a subject has no member of another kind",
    accepts: {},
    refuses: [
      foreign(user, "serviceAccount", "group"),
      foreign(group, "serviceAccount", "user"),
      foreign(account, "user", "group"),
    ],
  },
  {
    says: "a service account is named by a DNS subdomain, or all of a namespace are meant",
    accepts: ["*", "a".repeat(253)].map((name) => ({ [subject]: account, [`${subject}.serviceAccount.name`]: name })),
    refuses: [
      refused(
        { [subject]: account, [`${subject}.serviceAccount.name`]: "" },
        required(`${subject}.serviceAccount.name`),
      ),
      refused(
        { [subject]: account, [`${subject}.serviceAccount.name`]: "a*" },
        invalid(`${subject}.serviceAccount.name`, "a*", notDNSSubdomain),
      ),
    ],
  },
  {
    says: "a service account has a namespace, which is a DNS label",
    accepts: { [subject]: account, [`${subject}.serviceAccount.namespace`]: "a".repeat(63) },
    refuses: [
      refused(
        { [subject]: account, [`${subject}.serviceAccount.namespace`]: "" },
        required(`${subject}.serviceAccount.namespace`, "must specify namespace for service account"),
      ),
      refused(
        { [subject]: account, [`${subject}.serviceAccount.namespace`]: "*" },
        invalid(`${subject}.serviceAccount.namespace`, "*", notDNSLabel),
      ),
    ],
  },
];

function foreign(own: JsonObject, ...members: readonly string[]) {
  const all: JsonObject = { ...user, ...group, ...account, kind: own["kind"]! };
  return refused(
    { [subject]: all },
    ...members.map((member) => {
      const kind = member[0]!.toUpperCase() + member.slice(1);
      return forbidden(`${subject}.${member}`, `${member} is forbidden when subject kind is not '${kind}'`);
    }),
  );
}

/** Of lists in which a star stands for all. */
const alone = (place: string, detail: string) =>
  refused(
    { [place]: ["*", "get"] },
    invalid(place, ["*", "get"], `if '*' is present, must not specify other ${detail}`),
  );

const resources: readonly Rule[] = [
  {
    says: "a rule is of resources or of other paths",
    accepts: [{ "spec.rules[0].resourceRules": [] }, { "spec.rules[0].nonResourceRules": [] }],
    refuses: refused(
      { "spec.rules[0].resourceRules": [], "spec.rules[0].nonResourceRules": [] },
      required("spec.rules[0]", "at least one of resourceRules and nonResourceRules has to be non-empty"),
    ),
  },
  ...[resource, nonResource].map((rule) => ({
    says: `verbs of ${rule.includes("non") ? "paths" : "resources"} are known ones, or all`,
    accepts: [{ [`${rule}.verbs`]: verbs }, { [`${rule}.verbs`]: ["*"] }],
    refuses: [
      refused({ [`${rule}.verbs`]: [] }, required(`${rule}.verbs`, "verbs must contain at least one value")),
      refused({ [`${rule}.verbs`]: ["get", "feed"] }, notSupported(`${rule}.verbs`, ["get", "feed"], verbs)),
      alone(`${rule}.verbs`, "verbs"),
    ],
  })),
  ...(
    [
      ["apiGroups", "api group"],
      ["resources", "resource"],
    ] as const
  ).map(([field, one]) => ({
    says: `${field} are given, or all`,
    accepts: [{ [`${resource}.${field}`]: ["*"] }, { [`${resource}.${field}`]: ["a", "b"] }],
    refuses: [
      refused(
        { [`${resource}.${field}`]: [] },
        required(`${resource}.${field}`, `resource rules must supply at least one ${one}`),
      ),
      alone(`${resource}.${field}`, `${one}s`),
    ],
  })),
  {
    says: "namespaces are given unless the rule is of the cluster's scope",
    accepts: { [`${resource}.namespaces`]: [], [`${resource}.clusterScope`]: true },
    refuses: refused(
      { [`${resource}.namespaces`]: [] },
      required(
        `${resource}.namespaces`,
        "resource rules that are not cluster scoped must supply at least one namespace",
      ),
    ),
  },
  {
    says: "namespaces are DNS labels, or all",
    accepts: { [`${resource}.namespaces`]: ["a", "b".repeat(63)] },
    refuses: [
      alone(`${resource}.namespaces`, "namespaces"),
      ...[
        ["a.b", "must not contain dots"],
        ["", notDNSLabel],
        ["b".repeat(64), longerThan(63)],
      ].map(([name, message]) =>
        refused(
          { [`${resource}.namespaces`]: ["a", name!] },
          invalid(
            `${resource}.namespaces[1]`,
            name!,
            `each member of this list must be '*' or a DNS-1123 label; ${message}`,
          ),
        ),
      ),
    ],
  },
];

const urls = `${nonResource}.nonResourceURLs`;
const paths: readonly Rule[] = [
  {
    says: "paths are given, or all",
    accepts: { [urls]: ["*"] },
    refuses: [
      refused({ [urls]: [] }, required(urls, "nonResourceURLs must contain at least one value")),
      refused(
        { [urls]: ["*", "/a"] },
        invalid(urls, ["*", "/a"], "if '*' is present, must not specify other non-resource URLs"),
      ),
    ],
  },
  {
    says: "a path begins with a slash and ends in a star at most",
    accepts: { [urls]: ["/", "/a/b", "/a/*", "/a/"] },
    refuses: [
      ["", "must not be empty"],
      ["a", "must start with slash"],
      ["/a b", "must not contain white-space"],
      ["/a//b", "must not contain double slash"],
      ["/a/*/*", "wildcard can only do suffix matching"],
      ["/a*", "wildcard can only do suffix matching"],
    ].map(([url, message]) => refused({ [urls]: ["/", url!] }, invalid(`${urls}[1]`, url!, message!))),
  },
];

export const flowSchema: KindRules = {
  group: "flowcontrol.apiserver.k8s.io",
  kind: "FlowSchema",
  path: "/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas",
  valid: {
    metadata: { name: "rules" },
    spec: {
      priorityLevelConfiguration: { name: "a" },
      matchingPrecedence: 1000,
      rules: [
        {
          subjects: [user],
          resourceRules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"], namespaces: ["*"] }],
          nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        },
      ],
    },
  },
  create: [...spec, ...mandatory, ...subjects, ...resources, ...paths],
  update: spec,
  shared: true,
  subresources: { status: conditions },
};
