import assert from "node:assert/strict";
import { test } from "node:test";
import type { MatchResources, NamedRuleWithOperations } from "../../../api/generated/types/admissionregistration-v1.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import { testAttributes, testDefinition } from "../test-attributes.ts";
import { constraintsOf, matched } from "./match.ts";

const schema = () => ({ type: "object" as const, fields: new Map() });
const scale = { specReplicas: () => 0, setSpecReplicas: () => undefined } as never;
const inVersion = (group: string, version: string, subresources: object = { scale }): ResourceDefinition =>
  defineResource({
    group,
    version,
    kind: "Deployment",
    plural: "deployments",
    scope: "Namespaced",
    schema,
    storagePath: "deployments",
    subresources,
  });
const served = [
  inVersion("extensions", "v1beta1"),
  inVersion("apps", "v1"),
  inVersion("apps", "v1beta1"),
  inVersion("apps", "v1alpha1", {}),
];
const [extensions, apps] = served as [ResourceDefinition, ResourceDefinition];
const pods = testDefinition("", "Pod", "pods");

const all = ["deployments", "deployments/scale"];
const rule = (apiGroups: string, apiVersions: string, more: object = {}): NamedRuleWithOperations => ({
  operations: ["*"],
  apiGroups: [apiGroups],
  apiVersions: [apiVersions],
  resources: all,
  scope: "*",
  ...more,
});
const wildcard = rule("*", "*", { resources: ["*"] });
const unreadable = { matchExpressions: [{ key: "key", operator: "In", values: ["bad value"] }] };

const defaults = { matchPolicy: "Exact", namespaceSelector: {}, objectSelector: {} };

/** `group/version` that the policy sees a create of a deployment `name` in namespace `ns` as, or undefined. */
function seenAs(
  resources: Partial<MatchResources>,
  { definition = apps, subresource = "", namespace = "ns" } = {},
): string | undefined {
  const reader = new MemoryObjects();
  const attributes = testAttributes(definition, { metadata: { name: "name", namespace } }, { subresource });
  const as = matched(constraintsOf({ ...defaults, ...resources }), attributes, {
    reader,
    served: () => served,
  });
  return as === undefined ? undefined : `${as.group}/${as.version}`;
}

// The tables of upstream's admission/plugin/policy/matching/matching_test.go.

test("a policy without rules is about everything, one whose rules name nothing about nothing", () => {
  assert.equal(seenAs({}), "apps/v1");
  assert.equal(seenAs({ resourceRules: [] }), "apps/v1");
  assert.equal(seenAs({ resourceRules: [{ scope: "*" }] }), undefined);
  assert.equal(seenAs({ resourceRules: [wildcard] }), "apps/v1");
});

test("the version that is written is preferred, then the first rule that names an equivalent", () => {
  const [first, second] = [rule("extensions", "v1beta1"), rule("apps", "v1beta1")];
  for (const subresource of ["", "scale"]) {
    const seen = (resources: Partial<MatchResources>) => seenAs(resources, { subresource });
    assert.equal(seen({ resourceRules: [first, second, rule("apps", "v1")] }), "apps/v1");
    assert.equal(seen({ resourceRules: [first, second] }), undefined);
    const matchPolicy = "Equivalent";
    assert.equal(seen({ matchPolicy, resourceRules: [first, second] }), "extensions/v1beta1");
    assert.equal(seen({ matchPolicy, resourceRules: [second, first] }), "apps/v1beta1");
  }
});

test("an equivalent that is without the subresource is none", () => {
  const resources = { matchPolicy: "Equivalent", resourceRules: [rule("apps", "v1alpha1")] };
  assert.equal(seenAs(resources), "apps/v1alpha1");
  assert.equal(seenAs(resources, { subresource: "scale" }), undefined);
});

test("names narrow a rule", () => {
  for (const [name, match] of [
    ["name", "apps/v1"],
    ["wrong-name", undefined],
  ] as const) {
    const resourceRules = [rule("apps", "v1", { resourceNames: [name] })];
    assert.equal(seenAs({ resourceRules }), match);
    assert.equal(seenAs({ resourceRules }, { definition: extensions, subresource: "scale" }), undefined);
    const equivalent = { matchPolicy: "Equivalent", resourceRules };
    assert.equal(seenAs(equivalent, { definition: extensions, subresource: "scale" }), match);
  }
});

test("what is excluded is not matched", () => {
  const excludeResourceRules = [rule("extensions", "v1beta1")];
  for (const resources of [{ resourceRules: [wildcard], excludeResourceRules }, { excludeResourceRules }]) {
    assert.equal(seenAs(resources), "apps/v1");
    assert.equal(seenAs(resources, { definition: extensions }), undefined);
    assert.equal(seenAs({ ...resources, matchPolicy: "Equivalent" }), undefined);
  }
});

test("a selector that cannot be told matters only where all else matches", () => {
  const bad = /bad value/;
  const matching = [rule("*", "*", { resources: ["pods"] })];
  for (const selector of ["namespaceSelector", "objectSelector"]) {
    const resources = { [selector]: unreadable };
    assert.equal(seenAs({ ...resources, resourceRules: [rule("*", "*")] }, { definition: pods }), undefined);
    assert.throws(() => seenAs({ ...resources, resourceRules: matching }, { definition: pods }), bad);
  }
  const missing = { matchLabels: { a: "b" } };
  const objectSelector = missing;
  assert.equal(seenAs({ namespaceSelector: unreadable, objectSelector, resourceRules: matching }), undefined);
  assert.equal(seenAs({ namespaceSelector: missing, objectSelector }, { namespace: "none" }), undefined);
  assert.throws(() => seenAs({ namespaceSelector: missing }, { namespace: "none" }), /namespaces "none" not found/);
});
