import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterRole } from "../../api/rbac/v1/cluster-role.ts";
import { plan } from "./plan.ts";

const rule = (resource: string) => ({ apiGroups: ["x.io"], resources: [resource], verbs: ["get"] });

function role(name: string, changes: Partial<ClusterRole> = {}): ClusterRole {
  return {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name, labels: { to: name } },
    ...changes,
  };
}

const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { to: "b" } }, { matchLabels: { to: "a" } }] };
const all = [role("a", { rules: [rule("as"), rule("both")] }), role("b", { rules: [rule("bs"), rule("both")] })];

test("an aggregated role gets the rules of those it selects, selector by selector, each once, as its own field", () => {
  const aggregated = role("whole", { aggregationRule });
  const [action, ...more] = plan({ role: aggregated, all: [...all, aggregated] });
  assert.ok(action?.type === "apply" && more.length === 0);
  assert.deepEqual(action.object, { metadata: { name: "whole" }, rules: [rule("bs"), rule("both"), rule("as")] });
  assert.deepEqual([action.fieldManager, action.force], ["clusterrole-aggregation-controller", true]);
});

test("a role that has its rules, or aggregates nothing, is left alone", () => {
  const rules = [rule("bs"), rule("both"), rule("as")];
  assert.deepEqual(plan({ role: role("whole", { aggregationRule, rules }), all }), []);
  assert.deepEqual(plan({ role: role("plain"), all }), []);
});
