import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { ClusterRole } from "./cluster-role.ts";
import { ClusterRoleBinding } from "./cluster-role-binding.ts";
import { Role } from "./role.ts";
import { RoleBinding } from "./role-binding.ts";

test("a rule is of resources or of paths, and says what may be done", () => {
  const resources = { verbs: ["get"], apiGroups: [""], resources: ["pods"] };
  const paths = { verbs: ["get"], nonResourceURLs: ["/healthz"] };
  assert.deepEqual(problems(ClusterRole, { rules: [resources, paths] }), []);
  assert.deepEqual(problems(Role, { rules: [resources] }), []);
  assert.deepEqual(problems(Role, { rules: [paths, {}] }), [
    'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs',
    "rules[1].verbs: Required value: verbs must contain at least one value",
    "rules[1].apiGroups: Required value: resource rules must supply at least one api group",
    "rules[1].resources: Required value: resource rules must supply at least one resource",
  ]);
  assert.deepEqual(problems(ClusterRole, { rules: [{ ...paths, ...resources }] }), [
    'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: rules cannot apply to both regular resources and non-resource URLs',
  ]);
});

test("an aggregation selects by good selectors", () => {
  const aggregate = (...clusterRoleSelectors: object[]): object => ({ aggregationRule: { clusterRoleSelectors } });
  assert.deepEqual(problems(ClusterRole, aggregate({ matchLabels: { a: "b" } })), []);
  assert.deepEqual(problems(ClusterRole, aggregate()), [
    "aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil",
  ]);
  assert.deepEqual(problems(ClusterRole, aggregate({ matchExpressions: [{ key: "a", operator: "Near" }] })), [
    'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator',
    "aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.",
  ]);
});

const binding = { roleRef: { kind: "ClusterRole", name: "view" }, subjects: [{ kind: "User", name: "ann" }] };

test("groups of the role and of people are filled in", () => {
  const { roleRef, subjects } = decoded(RoleBinding, {
    ...binding,
    subjects: [
      { kind: "User", name: "u" },
      { kind: "Group", name: "g" },
      { kind: "ServiceAccount", name: "s" },
    ],
  });
  const group = "rbac.authorization.k8s.io";
  assert.equal(roleRef.apiGroup, group);
  assert.deepEqual(
    subjects?.map(({ apiGroup }) => apiGroup),
    [group, group, undefined],
  );
});

test("bindings name a role of a kind that they can bind", () => {
  assert.deepEqual(problems(RoleBinding, { ...binding, roleRef: { kind: "Role", name: "r" } }), []);
  assert.deepEqual(problems(ClusterRoleBinding, binding), []);
  assert.deepEqual(problems(ClusterRoleBinding, { roleRef: { kind: "Role", apiGroup: "x", name: "a/b" } }), [
    'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
    "roleRef.name: Invalid value: \"a/b\": may not contain '/'",
  ]);
  assert.deepEqual(problems(RoleBinding, {}), [
    'roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"',
    "roleRef.name: Required value",
  ]);
});

test("subjects are users, groups and service accounts, these with their namespace in a cluster's binding", () => {
  const subjects = [
    { kind: "ServiceAccount", name: "S_", apiGroup: "x" },
    { kind: "User", apiGroup: "x" },
    { kind: "Robot", name: "r" },
  ];
  const [name, ...rest] = problems(ClusterRoleBinding, { ...binding, subjects });
  assert.match(name!, /^subjects\[0\]\.name: Invalid value: "S_": a lowercase RFC 1123 subdomain must consist of/);
  assert.deepEqual(rest, [
    'subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
    "subjects[0].namespace: Required value",
    "subjects[1].name: Required value",
    'subjects[1].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
    'subjects[2].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
  ]);
});

test("the role of a binding never changes", () => {
  const old = decoded(RoleBinding, binding);
  assert.deepEqual(problems(RoleBinding, { ...binding, subjects: [] }, old), []);
  assert.deepEqual(problems(RoleBinding, { ...binding, roleRef: { kind: "Role", name: "view" } }, old), [
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"view"}: cannot change roleRef',
  ]);
});

test("rows of bindings show the role and, wide, the subjects; rows of roles when they were made", () => {
  const subjects = [
    { kind: "User", name: "a" },
    { kind: "User", name: "b" },
    { kind: "ServiceAccount", namespace: "x", name: "s" },
  ];
  const object = decoded(ClusterRoleBinding, { ...binding, subjects, metadata: { name: "b" } });
  assert.deepEqual(row(ClusterRoleBinding, object), {
    Name: "b",
    Role: "ClusterRole/view",
    Age: "<unknown>",
    Users: "a, b",
    Groups: "",
    ServiceAccounts: "x/s",
  });
  const role = decoded(Role, { metadata: { name: "r", creationTimestamp: "2026-01-02T11:00:00Z" } });
  assert.deepEqual(row(Role, role), { Name: "r", "Created At": "2026-01-02T11:00:00Z" });
});
