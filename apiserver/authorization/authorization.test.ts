import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SubjectAccessReview, SubjectAccessReviewSpec } from "../../api/generated/types/authorization-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { admitted, testAttributes } from "../admission/test-attributes.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import type { Authorizer } from "./authorizer.ts";
import { forbiddenMessage } from "./messages.ts";
import { rbacEscalation } from "./rbac/escalation.ts";
import { RbacAuthorizer } from "./rbac/rbac-authorizer.ts";
import { RuleIndex } from "./rbac/rule-index.ts";
import * as t from "./rbac/test-objects.ts";
import {
  evaluateSelfSubjectAccessReview,
  evaluateSelfSubjectRulesReview,
  evaluateSubjectAccessReview,
} from "./reviews.ts";
import { superuserAuthorizer, unionAuthorizer } from "./union.ts";

describe("a Forbidden answer", () => {
  const message = (change: object, reason = "") => {
    const attributes = t.request("ann", "get", "configmaps", change);
    return ApiError.forbidden(
      { group: attributes.group, resource: attributes.resource },
      attributes.name,
      forbiddenMessage(attributes, reason),
    ).message;
  };

  it("says who may not do what where, and why", () => {
    assert.equal(
      message({ name: "x", namespace: "default" }),
      'configmaps "x" is forbidden: User "ann" cannot get resource "configmaps" in API group "" in the namespace "default"',
    );
    assert.equal(
      message(
        { group: "apps", resource: "deployments", subresource: "scale", verb: "update", name: "d", namespace: "red" },
        "RBAC: role not found",
      ),
      'deployments.apps "d" is forbidden: User "ann" cannot update resource "deployments/scale" in API group "apps" in the namespace "red": RBAC: role not found',
    );
    assert.equal(
      message({ resource: "nodes", verb: "list" }),
      'nodes is forbidden: User "ann" cannot list resource "nodes" in API group "" at the cluster scope',
    );
    assert.equal(
      message({ isResourceRequest: false, resource: "", path: "/<metrics>" }),
      'forbidden: User "ann" cannot get path "/&lt;metrics&gt;"',
    );
  });
});

describe("authorizers in a row", () => {
  const says = (name: string, decision: "allow" | "deny" | "noOpinion", reason: string, later = false): Authorizer => ({
    name,
    authorize: () => (later ? Promise.resolve({ decision, reason }) : { decision, reason }),
  });
  const ask = (...authorizers: Authorizer[]) =>
    unionAuthorizer(...authorizers).authorize(t.request("ann", "get", "pods"));

  it("decide by the first that allows or denies, and stay synchronous where they can", async () => {
    assert.deepEqual(ask(says("a", "noOpinion", "x"), says("b", "allow", "y"), says("c", "deny", "z")), {
      decision: "allow",
      reason: "y",
    });
    assert.deepEqual(await ask(says("a", "noOpinion", "x", true), says("b", "deny", "y"), says("c", "allow", "z")), {
      decision: "deny",
      reason: "y",
    });
    assert.deepEqual(await ask(says("a", "noOpinion", "x", true), says("b", "noOpinion", "y")), {
      decision: "noOpinion",
      reason: "x\ny",
    });
  });

  it("let superusers do everything", () => {
    const root = { ...t.request("root", "delete", "nodes"), user: { username: "root", groups: ["system:masters"] } };
    assert.equal((superuserAuthorizer.authorize(root) as { decision: string }).decision, "allow");
  });
});

describe("escalation", () => {
  function setUp() {
    const objects = new MemoryObjects();
    const index = new RuleIndex(objects, t.testDefinitions);
    const plugin = rbacEscalation(index, new RbacAuthorizer(index));
    const give = (...rules: Parameters<typeof t.clusterRole>[1]) => {
      objects.set(t.testDefinitions.clusterRole, t.clusterRole("own", rules));
      objects.set(t.testDefinitions.clusterRoleBinding, t.clusterRoleBinding("own", "own", t.user("ann")));
    };
    return {
      objects,
      give,
      admit: (definition: Parameters<typeof testAttributes>[0], object: object, change = {}) =>
        admitted(plugin, testAttributes(definition, object, change)),
    };
  }
  const reads = { verbs: ["get", "list"], apiGroups: [""], resources: ["pods"] };
  const definitions = t.testDefinitions as unknown as Record<
    keyof typeof t.testDefinitions,
    Parameters<typeof testAttributes>[0]
  >;

  it("is refused: nobody grants what he does not hold", async () => {
    const { give, admit } = setUp();
    give(reads);
    await admit(definitions.role, t.role("red", "r", [{ ...reads, verbs: ["get"] }]));
    await assert.rejects(admit(definitions.role, t.role("red", "r", [reads, { ...reads, resources: ["secrets"] }])), {
      message:
        'roles.rbac.authorization.k8s.io "r" is forbidden: user "ann" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get" "list"]}',
    });
  });

  it("is allowed to who may escalate or bind, and to superusers", async () => {
    const { objects, give, admit } = setUp();
    objects.set(
      t.testDefinitions.clusterRole,
      t.clusterRole("admin", [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]),
    );
    const [role, binding] = [
      t.clusterRole("r", [{ ...reads, resources: ["secrets"] }]),
      t.clusterRoleBinding("b", "admin", t.user("bob")),
    ];
    await assert.rejects(admit(definitions.clusterRole, role));
    await assert.rejects(
      admit(definitions.clusterRoleBinding, binding),
      /^ApiError: clusterrolebindings.rbac.authorization.k8s.io "b" is forbidden: user "ann"/,
    );
    give(
      { verbs: ["escalate"], apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"] },
      {
        verbs: ["bind"],
        apiGroups: ["rbac.authorization.k8s.io"],
        resources: ["clusterroles"],
        resourceNames: ["admin"],
      },
    );
    await admit(definitions.clusterRole, role);
    await admit(definitions.clusterRoleBinding, binding);
    await setUp().admit(definitions.clusterRole, role, { user: { username: "root", groups: ["system:masters"] } });
  });

  it("by aggregation takes full authority; binding a role that is not there is refused", async () => {
    const { give, admit } = setUp();
    give(reads);
    await assert.rejects(
      admit(definitions.clusterRole, { ...t.clusterRole("r", []), aggregationRule: { clusterRoleSelectors: [{}] } }),
      {
        message:
          'clusterroles.rbac.authorization.k8s.io "r" is forbidden: must have cluster-admin privileges to use the aggregationRule',
      },
    );
    await assert.rejects(admit(definitions.roleBinding, t.roleBinding("red", "b", "Role", "gone", t.user("ann"))), {
      message: 'roles.rbac.authorization.k8s.io "gone" not found',
    });
  });

  it("does not hinder the garbage collector", async () => {
    const { admit } = setUp();
    const role = t.clusterRole("r", [reads]);
    const collected = { ...role, metadata: { ...role.metadata, finalizers: ["x"] } };
    await admit(definitions.clusterRole, collected, { operation: "UPDATE", oldObject: role });
    await assert.rejects(
      admit(
        definitions.clusterRole,
        { ...collected, metadata: { name: "r", labels: { a: "b" } } },
        { operation: "UPDATE", oldObject: role },
      ),
    );
  });
});

describe("access reviews", () => {
  const authorizer: Authorizer = {
    name: "test",
    authorize: ({ user, verb, resource, fieldSelector }) =>
      user.username === "ann" && verb === "list" && resource === "pods" && fieldSelector === "spec.nodeName=n\\,1"
        ? { decision: "allow", reason: "because" }
        : verb === "delete"
          ? { decision: "deny", reason: "" }
          : { decision: "noOpinion", reason: "", evaluationError: "role lost" },
  };
  const review = (spec: object, metadata: object = {}): SubjectAccessReview => ({
    apiVersion: "authorization.k8s.io/v1",
    kind: "SubjectAccessReview",
    metadata,
    spec: spec as SubjectAccessReviewSpec,
    status: { allowed: false },
  });
  const list = {
    verb: "list",
    resource: "pods",
    fieldSelector: { requirements: [{ key: "spec.nodeName", operator: "In", values: ["n,1"] }] },
  };

  it("answer whether somebody may, with reason and error", async () => {
    const ask = (spec: object) => evaluateSubjectAccessReview(review(spec), authorizer);
    assert.deepEqual(await ask({ user: "ann", resourceAttributes: list }), { allowed: true, reason: "because" });
    assert.deepEqual(await ask({ user: "ann", resourceAttributes: { ...list, verb: "delete" } }), {
      allowed: false,
      denied: true,
    });
    assert.deepEqual(await ask({ groups: ["g"], nonResourceAttributes: { path: "/x", verb: "get" } }), {
      allowed: false,
      evaluationError: "role lost",
    });
    const self = { ...review({ resourceAttributes: list }), kind: "SelfSubjectAccessReview" } as Parameters<
      typeof evaluateSelfSubjectAccessReview
    >[0];
    assert.deepEqual(await evaluateSelfSubjectAccessReview(self, { username: "ann", groups: [] }, authorizer), {
      allowed: true,
      reason: "because",
    });
  });

  it("list what I may", () => {
    const rules = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      metadata: {},
      spec: { namespace: "red" },
    };
    const root = { username: "root", groups: ["system:masters"] };
    assert.deepEqual(
      evaluateSelfSubjectRulesReview(
        rules as Parameters<typeof evaluateSelfSubjectRulesReview>[0],
        root,
        unionAuthorizer(superuserAuthorizer),
      ),
      {
        resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
        nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
        incomplete: false,
      },
    );
  });
});
