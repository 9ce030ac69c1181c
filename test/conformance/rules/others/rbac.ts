import { notDNSSubdomain, notLabelValue, notQualifiedName } from "../messages.ts";
import {
  type Cause,
  forbidden,
  invalid,
  type Json,
  type KindRules,
  notSupported,
  type Rule,
  refused,
  required,
} from "../rule.ts";

// pkg/apis/rbac/validation/validation.go.

const group = "rbac.authorization.k8s.io";
const first = "rules[0]";
const urls = `${first}.nonResourceURLs`;
const bothKinds = "rules cannot apply to both regular resources and non-resource URLs";

const policyRules: readonly Rule[] = [
  {
    says: "a rule allows verbs",
    accepts: [{ [`${first}.verbs`]: ["a", "*"] }, { rules: [] }],
    refuses: refused({ [`${first}.verbs`]: [] }, required(`${first}.verbs`, "verbs must contain at least one value")),
  },
  {
    says: "a rule of resources has groups and resources",
    accepts: { [first]: { verbs: ["a"], apiGroups: [""], resources: ["b"], resourceNames: ["c"] } },
    refuses: refused(
      { [first]: { verbs: ["a"] } },
      required(`${first}.apiGroups`, "resource rules must supply at least one api group"),
      required(`${first}.resources`, "resource rules must supply at least one resource"),
    ),
  },
];

export const role: KindRules = {
  group,
  kind: "Role",
  path: `/apis/${group}/v1/namespaces/default/roles`,
  valid: { metadata: { name: "rules" }, rules: [{ verbs: ["a"], apiGroups: ["b"], resources: ["c"] }] },
  create: [
    ...policyRules,
    {
      says: "a rule of one namespace has no paths",
      accepts: { [urls]: [] },
      refuses: [
        refused(
          { [first]: { verbs: ["a"], nonResourceURLs: ["/b"] } },
          invalid(urls, ["/b"], "namespaced rules cannot apply to non-resource URLs"),
        ),
        refused(
          { [urls]: ["/b"] },
          invalid(urls, ["/b"], "namespaced rules cannot apply to non-resource URLs"),
          invalid(urls, ["/b"], bothKinds),
        ),
      ],
    },
  ],
  update: policyRules,
};

const selectors = "aggregationRule.clusterRoleSelectors";
const cannot = invalid(`${selectors}[0]`, null, "invalid label selector.");
const wrongSelector = (selector: Json, ...causes: readonly Cause[]) =>
  refused({ [selectors]: [selector] }, ...causes, cannot);
const expression = `${selectors}[0].matchExpressions[0]`;

export const clusterRole: KindRules = {
  group,
  kind: "ClusterRole",
  path: `/apis/${group}/v1/clusterroles`,
  valid: role.valid,
  create: [
    ...policyRules,
    {
      says: "a rule has resources or paths",
      accepts: { [first]: { verbs: ["a"], nonResourceURLs: ["/b", "*"] } },
      refuses: ["apiGroups", "resources", "resourceNames"].map((field) =>
        refused(
          { [first]: { verbs: ["a"], nonResourceURLs: ["/b"], [field]: ["c"] } },
          invalid(urls, ["/b"], bothKinds),
        ),
      ),
    },
    {
      says: "roles that are gathered are selected by labels",
      accepts: { [selectors]: [{}, { matchLabels: { a: "b" } }] },
      refuses: [
        refused(
          { aggregationRule: {} },
          required(selectors, "at least one clusterRoleSelector required if aggregationRule is non-nil"),
        ),
        wrongSelector({ matchLabels: { "-": "" } }, invalid(`${selectors}[0].matchLabels`, "-", notQualifiedName)),
        wrongSelector({ matchLabels: { a: "-" } }, invalid(`${selectors}[0].matchLabels`, "-", notLabelValue)),
        wrongSelector(
          { matchExpressions: [{ key: "a", operator: "In" }] },
          required(`${expression}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
        ),
        wrongSelector(
          { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] },
          forbidden(`${expression}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
        ),
        wrongSelector(
          { matchExpressions: [{ key: "a", operator: "b" }] },
          invalid(`${expression}.operator`, "b", "not a valid selector operator"),
        ),
      ],
    },
  ],
  update: policyRules,
};

const account = (more: Json): Json => ({ kind: "ServiceAccount", name: "a", ...(more as object) });
const subject = "subjects[0]";

const bindingRules = (kinds: readonly string[]): readonly Rule[] => [
  {
    says: "a role is of RBAC",
    accepts: { "roleRef.apiGroup": "" },
    refuses: refused({ "roleRef.apiGroup": "a" }, notSupported("roleRef.apiGroup", "a", [group])),
  },
  {
    says: `a role is of the kind ${kinds.join(" or ")}`,
    accepts: kinds.map((kind) => ({ "roleRef.kind": kind })),
    refuses: ["", "a", ...(kinds.includes("Role") ? [] : ["Role"])].map((kind) =>
      refused({ "roleRef.kind": kind }, notSupported("roleRef.kind", kind, kinds)),
    ),
  },
  {
    says: "the name of a role fits into a path",
    accepts: { "roleRef.name": "A:b" },
    refuses: [
      refused({ "roleRef.name": "" }, required("roleRef.name")),
      refused({ "roleRef.name": ".." }, invalid("roleRef.name", "..", "may not be '..'")),
      refused(
        { "roleRef.name": "a/b%" },
        invalid("roleRef.name", "a/b%", "may not contain '/'"),
        invalid("roleRef.name", "a/b%", "may not contain '%'"),
      ),
    ],
  },
  {
    says: "a user or a group has a name, and is of RBAC",
    accepts: ["User", "Group"].map((kind) => ({ [subject]: { kind, name: "A b" } })),
    refuses: ["User", "Group"].flatMap((kind) => [
      refused({ [subject]: { kind } }, required(`${subject}.name`)),
      refused({ [subject]: { kind, name: "a", apiGroup: "b" } }, notSupported(`${subject}.apiGroup`, "b", [group])),
    ]),
  },
  {
    says: "a service account has the name of one, and no group",
    accepts: { [subject]: account({ namespace: "b", name: "a.b" }) },
    refuses: [
      refused({ [subject]: account({ namespace: "b", name: "" }) }, required(`${subject}.name`)),
      refused({ [subject]: account({ namespace: "b", name: "A" }) }, invalid(`${subject}.name`, "A", notDNSSubdomain)),
      refused(
        { [subject]: account({ namespace: "b", apiGroup: "c" }) },
        notSupported(`${subject}.apiGroup`, "c", [""]),
      ),
    ],
  },
  {
    says: "a subject is a user, a group or a service account",
    accepts: { subjects: [] },
    refuses: refused(
      { [subject]: { kind: "user", name: "a" } },
      notSupported(`${subject}.kind`, "user", ["ServiceAccount", "User", "Group"]),
    ),
  },
];

const roleStays: Rule = {
  says: "the role stays",
  accepts: { subjects: [] },
  refuses: refused(
    { "roleRef.name": "b" },
    invalid("roleRef", { APIGroup: group, Kind: "ClusterRole", Name: "b" }, "cannot change roleRef"),
  ),
};

export const roleBinding: KindRules = {
  group,
  kind: "RoleBinding",
  path: `/apis/${group}/v1/namespaces/default/rolebindings`,
  valid: { metadata: { name: "rules" }, roleRef: { apiGroup: group, kind: "ClusterRole", name: "a" } },
  create: [
    ...bindingRules(["Role", "ClusterRole"]),
    {
      says: "a service account's namespace may be left out",
      accepts: { [subject]: account({}) },
      refuses: refused({ [subject]: account({ name: "" }) }, required(`${subject}.name`)),
    },
  ],
  update: [roleStays],
};

export const clusterRoleBinding: KindRules = {
  group,
  kind: "ClusterRoleBinding",
  path: `/apis/${group}/v1/clusterrolebindings`,
  valid: roleBinding.valid,
  create: [
    ...bindingRules(["ClusterRole"]),
    {
      says: "a service account has a namespace",
      accepts: { [subject]: account({ namespace: "b" }) },
      refuses: refused({ [subject]: account({}) }, required(`${subject}.namespace`)),
    },
  ],
  update: [roleStays],
};
