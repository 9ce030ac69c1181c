import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import { testDefinition } from "../test-attributes.ts";
import { collectParams, kindText, paramResource } from "./params.ts";

const namespaced = testDefinition("example.com", "Limit", "limits");
const global = testDefinition("example.com", "Rule", "rules", "Cluster");
const objects = new MemoryObjects();
objects.set(namespaced, { metadata: { name: "a", namespace: "one", labels: { of: "one" } } });
objects.set(namespaced, { metadata: { name: "b", namespace: "one" } });
objects.set(namespaced, { metadata: { name: "a", namespace: "two" } });
objects.set(global, { metadata: { name: "g" } });

const names = (...args: Parameters<typeof collectParams>): unknown =>
  collectParams(...args).map((param) => param && `${param.metadata.namespace ?? ""}/${param.metadata.name}`);
const deny = { parameterNotFoundAction: "Deny" };

test("a policy without parameters, or a binding that names none, is evaluated once without", () => {
  assert.deepEqual(names(objects, undefined, { name: "a" }, "one"), [undefined]);
  assert.deepEqual(names(objects, namespaced, undefined, "one"), [undefined]);
});

test("namespaced parameters are the request's namespace's, unless another is named", () => {
  assert.deepEqual(names(objects, namespaced, { name: "a", ...deny }, "one"), ["one/a"]);
  assert.deepEqual(names(objects, namespaced, { name: "a", namespace: "two", ...deny }, "one"), ["two/a"]);
  assert.throws(() => collectParams(objects, namespaced, { name: "a", ...deny }, ""), {
    message: "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources",
  });
  assert.throws(() => collectParams(objects, global, { name: "g", namespace: "one", ...deny }, "one"), {
    message: "paramRef.namespace must not be provided for a cluster-scoped `paramKind`",
  });
  assert.deepEqual(names(objects, global, { name: "g", ...deny }, "one"), ["/g"]);
});

test("a selector takes all that it selects, and none found is denied or allowed", () => {
  assert.deepEqual(names(objects, namespaced, { selector: {}, ...deny }, "one"), ["one/a", "one/b"]);
  const selector = { matchLabels: { of: "one" } };
  assert.deepEqual(names(objects, namespaced, { selector, ...deny }, "one"), ["one/a"]);
  const nothing = { name: "none", parameterNotFoundAction: "Allow" };
  assert.deepEqual(names(objects, namespaced, nothing, "one"), []);
  assert.throws(() => collectParams(objects, namespaced, { ...nothing, ...deny }, "one"), {
    message: "no params found for policy binding with `Deny` parameterNotFoundAction",
  });
});

test("a kind is found among what is served, and named as Go names it", () => {
  const served = () => [namespaced, global];
  assert.equal(paramResource(served, { apiVersion: "example.com/v1", kind: "Rule" }), global);
  assert.equal(paramResource(served, { apiVersion: "v1", kind: "Rule" }), undefined);
  assert.equal(kindText({ apiVersion: "v1", kind: "ConfigMap" }), "/v1, Kind=ConfigMap");
});
