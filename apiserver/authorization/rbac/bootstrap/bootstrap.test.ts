import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { aggregateRules } from "../../../../api/rbac/v1/aggregate-rules.ts";
import { MemoryObjects } from "../../../registry/memory-objects.ts";
import { testDefinitions as definitions } from "../test-objects.ts";
import type { ClusterRole } from "../types.ts";
import { ensureBootstrapPolicy } from "./ensure.ts";
import { bootstrapPolicy } from "./policy.ts";

async function started() {
  const objects = new MemoryObjects();
  const result = await ensureBootstrapPolicy(objects, objects, definitions);
  return { objects, result };
}

describe("bootstrap policy", () => {
  it("is created whole at the first start and leaves nothing to write at the second", async () => {
    const { objects, result } = await started();
    const policy = bootstrapPolicy();
    const count =
      policy.clusterRoles.length + policy.clusterRoleBindings.length + policy.roles.length + policy.roleBindings.length;
    assert.equal(result.written, count);
    assert.deepEqual(result.failures, []);
    assert.deepEqual(await ensureBootstrapPolicy(objects, objects, definitions), {
      written: 0,
      protected: [],
      failures: [],
    });
  });

  it("has a role for every binding, and each name once", () => {
    const { clusterRoles, clusterRoleBindings, roles, roleBindings } = bootstrapPolicy();
    const names = clusterRoles.map((role) => role.metadata.name);
    assert.equal(new Set(names).size, names.length);
    for (const binding of clusterRoleBindings) assert.ok(names.includes(binding.roleRef.name), binding.metadata.name);
    for (const binding of roleBindings) {
      assert.ok(
        roles.some(
          (role) =>
            role.metadata.name === binding.roleRef.name && role.metadata.namespace === binding.metadata.namespace,
        ),
      );
    }
  });

  it("adds what an administrator took away, keeps what was added, and labels win that are there", async () => {
    const { objects } = await started();
    const role = objects.get(definitions.clusterRole, "", "system:node-proxier")!;
    const extra = { verbs: ["get"], apiGroups: ["x"], resources: ["y"] };
    objects.set(definitions.clusterRole, {
      ...role,
      metadata: { ...role.metadata, labels: { mine: "1", "kubernetes.io/bootstrapping": "no" } },
      rules: [extra, ...role.rules!.slice(1)],
    });
    const { written } = await ensureBootstrapPolicy(objects, objects, definitions);
    assert.equal(written, 1);
    const after = objects.get(definitions.clusterRole, "", "system:node-proxier")!;
    assert.deepEqual(after.metadata.labels, { mine: "1", "kubernetes.io/bootstrapping": "no" });
    assert.deepEqual(after.rules![0], extra);
    assert.deepEqual(after.rules!.slice(-2), [
      { verbs: ["list"], apiGroups: [""], resources: ["services"] },
      { verbs: ["watch"], apiGroups: [""], resources: ["services"] },
    ]);
  });

  it("adds missing subjects, replaces a binding to another role, and honours the opt-out", async () => {
    const { objects } = await started();
    const get = (name: string) => objects.get(definitions.clusterRoleBinding, "", name)!;
    objects.set(definitions.clusterRoleBinding, { ...get("system:discovery"), subjects: [] });
    objects.set(definitions.clusterRoleBinding, {
      ...get("system:kube-dns"),
      roleRef: { ...get("system:kube-dns").roleRef, name: "view" },
    });
    const opted = get("system:basic-user");
    objects.set(definitions.clusterRoleBinding, {
      ...opted,
      metadata: { ...opted.metadata, annotations: { "rbac.authorization.kubernetes.io/autoupdate": "false" } },
      subjects: [],
    });
    const result = await ensureBootstrapPolicy(objects, objects, definitions);
    assert.equal(result.written, 2);
    assert.deepEqual(result.protected, ["ClusterRoleBinding system:basic-user"]);
    assert.equal(get("system:discovery").subjects!.length, 1);
    assert.equal(get("system:kube-dns").roleRef.name, "system:kube-dns");
  });

  it("aggregates admin, edit and view to what their parts allow", async () => {
    const { objects } = await started();
    const all = () => [...objects.list(definitions.clusterRole)];
    const rulesOf = (name: string) => aggregateRules(all().find((role) => role.metadata.name === name)!, all())!;
    for (const name of ["view", "edit", "admin"]) {
      const role = objects.get(definitions.clusterRole, "", name)!;
      objects.set(definitions.clusterRole, { ...role, rules: rulesOf(name) } satisfies ClusterRole);
    }
    const count = (name: string) => objects.get(definitions.clusterRole, "", name)!.rules!.length;
    assert.equal(count("view"), count("system:aggregate-to-view"));
    assert.equal(count("edit"), count("system:aggregate-to-edit") + count("view"));
    assert.equal(count("admin"), count("system:aggregate-to-admin") + count("edit"));
  });
});
