import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RuleWithOperations } from "../../../api/generated/types/admissionregistration-v1.ts";
import { testAttributes, testDefinition } from "../test-attributes.ts";
import { ruleMatches } from "./rules.ts";
import { resourceOf } from "./target.ts";

const deployments = testDefinition("apps", "Deployment", "deployments");
const namespaces = testDefinition("", "Namespace", "namespaces", "Cluster");
const nodes = testDefinition("", "Node", "nodes", "Cluster");

const any: RuleWithOperations = {
  operations: ["*"],
  apiGroups: ["*"],
  apiVersions: ["*"],
  resources: ["*"],
  scope: "*",
};

function matches(change: Partial<RuleWithOperations>, definition = deployments, subresource = ""): boolean {
  const namespace = definition.scope === "Namespaced" ? "default" : "";
  const attributes = testAttributes(definition, { metadata: { name: "a", namespace } }, { subresource });
  return ruleMatches({ ...any, ...change }, attributes, resourceOf(definition));
}

test("groups, versions, operations and resources are named or all", () => {
  assert.ok(matches({}));
  assert.ok(matches({ apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["deployments"] }));
  assert.ok(!matches({ apiGroups: ["batch"] }));
  assert.ok(!matches({ apiVersions: ["v1beta1"] }));
  assert.ok(!matches({ operations: ["UPDATE", "DELETE"] }));
  assert.ok(!matches({ resources: ["replicasets"] }));
});

test("a resource is without its subresources, unless they are asked for", () => {
  assert.ok(!matches({ resources: ["*"] }, deployments, "scale"));
  assert.ok(!matches({ resources: ["deployments"] }, deployments, "scale"));
  for (const asked of ["*/*", "deployments/*", "*/scale", "deployments/scale"]) {
    assert.ok(matches({ resources: [asked] }, deployments, "scale"), asked);
  }
  assert.ok(matches({ resources: ["deployments/*"] }));
  assert.ok(!matches({ resources: ["*/scale"] }));
});

test("namespaces count as belonging to the cluster", () => {
  assert.ok(matches({ scope: "Namespaced" }) && !matches({ scope: "Cluster" }));
  for (const definition of [nodes, namespaces]) {
    assert.ok(matches({ scope: "Cluster" }, definition) && !matches({ scope: "Namespaced" }, definition));
  }
});

test("a rule that asks for more matches no less", () => {
  const list = (...words: string[]) => fc.uniqueArray(fc.constantFrom(...words), { minLength: 1 });
  const rule = fc.record({
    operations: list("CREATE", "UPDATE", "*"),
    apiGroups: list("apps", "batch", "*"),
    apiVersions: list("v1", "v2", "*"),
    resources: list("deployments", "deployments/scale", "*", "*/*", "pods"),
  });
  fc.assert(
    fc.property(rule, rule, fc.constantFrom("", "scale"), (a, b, subresource) => {
      const both = Object.fromEntries(
        (["operations", "apiGroups", "apiVersions", "resources"] as const).map((key) => [key, [...a[key], ...b[key]]]),
      );
      const either = matches(a, deployments, subresource) || matches(b, deployments, subresource);
      assert.ok(!either || matches(both, deployments, subresource));
    }),
  );
});
