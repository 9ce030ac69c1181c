import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AuthorizationAttributes } from "../authorizer.ts";
import { AbacAuthorizer } from "./abac-authorizer.ts";
import { parsePolicyFile } from "./policy-file.ts";

const line = (spec: object): string =>
  JSON.stringify({ apiVersion: "abac.authorization.kubernetes.io/v1beta1", kind: "Policy", spec });
const authenticated = ["system:authenticated"];

function asked(change: Partial<AuthorizationAttributes>, username = "jane", groups = authenticated) {
  const none = { namespace: "", group: "", version: "v1", resource: "", subresource: "", name: "", path: "" };
  const isResourceRequest = change.path === undefined;
  return { ...none, verb: "get", isResourceRequest, user: { username, groups }, ...change };
}

describe("a policy", () => {
  const decide = (policies: readonly object[], attributes: AuthorizationAttributes): string =>
    new AbacAuthorizer(parsePolicyFile(policies.map(line).join("\n"), "p")).authorize(attributes).decision;
  const pods = { apiGroup: "", resource: "pods", namespace: "red" };
  const getPods = { resource: "pods", namespace: "red" };

  test("is for a user, for a group, for members of that name, or for all who are recognized", () => {
    assert.equal(decide([{ ...pods, user: "jane" }], asked(getPods)), "allow");
    assert.equal(decide([{ ...pods, user: "joe" }], asked(getPods)), "noOpinion");
    assert.equal(decide([{ ...pods, group: "a" }], asked(getPods, "jane", ["a"])), "allow");
    assert.equal(decide([{ ...pods, user: "jane", group: "a" }], asked(getPods)), "noOpinion");
    assert.equal(decide([{ ...pods, user: "*" }], asked(getPods)), "allow");
    assert.equal(decide([{ ...pods, group: "*" }], asked(getPods, "a", ["system:unauthenticated"])), "noOpinion");
    assert.equal(decide([pods], asked(getPods)), "noOpinion");
  });

  test("names a resource, whose subresources are part of it, and reads only where it says so", () => {
    const all = { user: "jane", apiGroup: "*", resource: "*", namespace: "*" };
    assert.equal(decide([all], asked({ ...getPods, verb: "delete", group: "apps", subresource: "status" })), "allow");
    assert.equal(decide([{ ...all, readonly: true }], asked({ ...getPods, verb: "delete" })), "noOpinion");
    assert.equal(decide([{ ...all, readonly: true }], asked({ ...getPods, verb: "watch" })), "allow");
    assert.equal(decide([{ ...pods, user: "jane" }], asked({ ...getPods, namespace: "blue" })), "noOpinion");
    assert.equal(decide([{ ...pods, user: "jane" }], asked({ ...getPods, group: "x" })), "noOpinion");
    assert.equal(decide([all], asked({ path: "/version" })), "noOpinion");
  });

  test("names a path, or all paths below one", () => {
    const may = (nonResourcePath: string, path: string): string =>
      decide([{ user: "jane", nonResourcePath }], asked({ path }));
    assert.equal(may("*", "/version"), "allow");
    assert.equal(may("/version", "/version"), "allow");
    assert.equal(may("/healthz/*", "/healthz/etcd"), "allow");
    assert.equal(may("/healthz/*", "/healthz"), "noOpinion");
    assert.equal(may("", "/version"), "noOpinion");
    assert.equal(decide([{ user: "jane", nonResourcePath: "*" }], asked(getPods)), "noOpinion");
  });
});

test("lines of the first form leave out what is to match all; comments and empty lines say nothing", () => {
  const text = '# who may\n\n{"user":"alice"}\n  {"namespace":"red","readonly":true,"more":1}\n';
  assert.deepEqual(parsePolicyFile(text, "p"), [
    {
      ...{ user: "alice", group: "", readonly: false, apiGroup: "*", resource: "*", namespace: "*" },
      nonResourcePath: "*",
    },
    {
      ...{ user: "", group: "system:authenticated", readonly: true, apiGroup: "*", resource: "*", namespace: "red" },
      nonResourcePath: "",
    },
  ]);
});

test("a line that is no policy is named", () => {
  const start = "error reading policy file /p.jsonl, line 2: {: ";
  assert.throws(() => parsePolicyFile("{}\n{", "/p.jsonl"), {
    message: new RegExp(`^${start.replaceAll(/[{.]/g, "\\$&")}`),
  });
  assert.throws(() => parsePolicyFile('{"user": 7}', "p"), {
    message: 'error reading policy file p, line 1: {"user": 7}: user has to be a string',
  });
});

test("rules for a user are those of the policies that match", () => {
  const policies = [
    { user: "jane", apiGroup: "apps", resource: "deployments", namespace: "red", readonly: true },
    { user: "jane", namespace: "*", nonResourcePath: "/version" },
    { user: "joe", apiGroup: "*", resource: "*", namespace: "*" },
  ];
  const authorizer = new AbacAuthorizer(parsePolicyFile(policies.map(line).join("\n"), "p"));
  assert.deepEqual(authorizer.rulesFor({ username: "jane", groups: [] }, "red"), {
    resourceRules: [{ verbs: ["get", "list", "watch"], apiGroups: ["apps"], resources: ["deployments"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["/version"] }],
    incomplete: false,
  });
});
