import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import { RbacAuthorizer } from "./rbac-authorizer.ts";
import { RuleIndex } from "./rule-index.ts";
import * as t from "./test-objects.ts";
import type { PolicyRule } from "./types.ts";

const definitions = t.testDefinitions;
const readPods: PolicyRule = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "pods/log"] };

function setUp() {
  const objects = new MemoryObjects();
  const index = new RuleIndex(objects, definitions);
  return { objects, index, authorizer: new RbacAuthorizer(index) };
}

describe("RBAC authorizer", () => {
  it("allows what a ClusterRole bound cluster-wide allows, and says by which binding", () => {
    const { objects, authorizer } = setUp();
    objects.set(definitions.clusterRole, t.clusterRole("reader", [readPods]));
    objects.set(definitions.clusterRoleBinding, t.clusterRoleBinding("readers", "reader", t.user("ann")));
    assert.deepEqual(authorizer.authorize(t.request("ann", "get", "pods", { namespace: "x", name: "p" })), {
      decision: "allow",
      reason: 'RBAC: allowed by ClusterRoleBinding "readers" of ClusterRole "reader" to User "ann"',
    });
    assert.deepEqual(authorizer.authorize(t.request("ann", "delete", "pods")), { decision: "noOpinion", reason: "" });
    assert.deepEqual(authorizer.authorize(t.request("bob", "get", "pods")), { decision: "noOpinion", reason: "" });
  });

  it("keeps a RoleBinding within its namespace, service accounts without namespace being its own", () => {
    const { objects, authorizer } = setUp();
    objects.set(definitions.role, t.role("red", "reader", [readPods]));
    objects.set(definitions.roleBinding, t.roleBinding("red", "readers", "Role", "reader", t.serviceAccount("robot")));
    const who = "system:serviceaccount:red:robot";
    assert.deepEqual(authorizer.authorize(t.request(who, "get", "pods", { namespace: "red", subresource: "log" })), {
      decision: "allow",
      reason: 'RBAC: allowed by RoleBinding "readers/red" of Role "reader" to ServiceAccount "robot/red"',
    });
    assert.equal(authorizer.authorize(t.request(who, "get", "pods", { namespace: "blue" })).decision, "noOpinion");
    assert.equal(authorizer.authorize(t.request(who, "get", "pods")).decision, "noOpinion");
  });

  it("follows roles and bindings as they come, change and go", async () => {
    const { objects, authorizer } = setUp();
    const ask = () => authorizer.authorize(t.request("ann", "get", "pods", { namespace: "red" }));
    objects.set(
      definitions.roleBinding,
      t.roleBinding("red", "b", "ClusterRole", "late", t.group("system:authenticated")),
    );
    assert.deepEqual(ask(), {
      decision: "noOpinion",
      reason: 'RBAC: clusterrole.rbac.authorization.k8s.io "late" not found',
    });
    objects.set(definitions.clusterRole, t.clusterRole("late", [readPods]));
    assert.equal(ask().decision, "allow");
    objects.set(definitions.clusterRole, t.clusterRole("late", []));
    assert.equal(ask().decision, "noOpinion");
    objects.set(definitions.clusterRole, t.clusterRole("late", [readPods]));
    objects.set(definitions.roleBinding, t.roleBinding("red", "b", "ClusterRole", "late", t.user("bob")));
    assert.equal(ask().decision, "noOpinion");
    objects.set(definitions.roleBinding, t.roleBinding("red", "b", "ClusterRole", "late", t.user("ann")));
    assert.equal(ask().decision, "allow");
    await objects.delete(definitions.roleBinding, "red", "b");
    assert.deepEqual(ask(), { decision: "noOpinion", reason: "" });
  });

  it("reads what exists before it starts to follow", () => {
    const objects = new MemoryObjects();
    objects.set(definitions.clusterRole, t.clusterRole("reader", [readPods]));
    objects.set(definitions.clusterRoleBinding, t.clusterRoleBinding("readers", "reader", t.user("ann")));
    const authorizer = new RbacAuthorizer(new RuleIndex(objects, definitions));
    assert.equal(authorizer.authorize(t.request("ann", "list", "pods")).decision, "allow");
  });

  it("matches wildcards, subresource wildcards, names and URL prefixes as upstream does", () => {
    const { objects, authorizer } = setUp();
    const rules: PolicyRule[] = [
      { verbs: ["update"], apiGroups: ["*"], resources: ["*/scale"] },
      { verbs: ["get"], apiGroups: [""], resources: ["configmaps"], resourceNames: ["one"] },
      { verbs: ["get"], nonResourceURLs: ["/healthz/*", "/version"] },
    ];
    objects.set(definitions.clusterRole, t.clusterRole("r", rules));
    objects.set(definitions.clusterRoleBinding, t.clusterRoleBinding("b", "r", t.user("ann")));
    const allowed = (verb: string, resource: string, change = {}) =>
      authorizer.authorize(t.request("ann", verb, resource, change)).decision === "allow";
    assert.ok(allowed("update", "deployments", { group: "apps", subresource: "scale" }));
    assert.ok(!allowed("update", "deployments", { group: "apps" }));
    assert.ok(allowed("get", "configmaps", { name: "one" }));
    assert.ok(!allowed("get", "configmaps", { name: "two" }));
    assert.ok(!allowed("list", "configmaps"));
    const url = (path: string) => allowed("get", "", { isResourceRequest: false, path });
    assert.deepEqual(["/healthz", "/healthz/", "/healthz/etcd", "/version", "/versions"].map(url), [
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  it("lists each bound rule once, however many subjects of a binding the user is", () => {
    const { objects, authorizer } = setUp();
    objects.set(
      definitions.clusterRole,
      t.clusterRole("reader", [readPods, { verbs: ["get"], nonResourceURLs: ["/version"] }]),
    );
    objects.set(
      definitions.clusterRoleBinding,
      t.clusterRoleBinding("b", "reader", t.user("ann"), t.group("system:authenticated")),
    );
    objects.set(definitions.clusterRoleBinding, t.clusterRoleBinding("c", "nowhere", t.user("ann")));
    assert.deepEqual(authorizer.rulesFor({ username: "ann", groups: ["system:authenticated"] }, "red"), {
      resourceRules: [{ verbs: ["get", "list"], apiGroups: [""], resources: ["pods", "pods/log"] }],
      nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/version"] }],
      incomplete: false,
      evaluationError: 'clusterrole.rbac.authorization.k8s.io "nowhere" not found',
    });
  });

  it("never takes a permission away when a rule or a binding is added", () => {
    const word = fc.constantFrom("get", "list", "*");
    const resource = fc.constantFrom("pods", "secrets", "pods/log", "*", "*/log");
    const rule: fc.Arbitrary<PolicyRule> = fc.record({
      verbs: fc.array(word, { minLength: 1, maxLength: 2 }),
      apiGroups: fc.array(fc.constantFrom("", "apps", "*"), { maxLength: 2 }),
      resources: fc.array(resource, { maxLength: 2 }),
      resourceNames: fc.array(fc.constantFrom("a", "b"), { maxLength: 1 }),
    });
    const asked = fc.record({
      verb: fc.constantFrom("get", "list"),
      resource: fc.constantFrom("pods", "secrets"),
      subresource: fc.constantFrom("", "log"),
      group: fc.constantFrom("", "apps"),
      name: fc.constantFrom("", "a"),
    });
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 4 }), fc.array(rule, { maxLength: 3 }), asked, (some, more, ask) => {
        const decide = (rules: readonly PolicyRule[]) => {
          const { objects, authorizer } = setUp();
          objects.set(definitions.clusterRole, t.clusterRole("r", rules));
          objects.set(definitions.clusterRoleBinding, t.clusterRoleBinding("b", "r", t.user("ann")));
          return authorizer.authorize(t.request("ann", ask.verb, ask.resource, ask)).decision;
        };
        if (decide(some) === "allow") assert.equal(decide([...more, ...some]), "allow");
      }),
      { numRuns: 200 },
    );
  });
});
