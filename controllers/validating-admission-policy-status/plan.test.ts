import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValidatingAdmissionPolicy } from "../../api/generated/types/admissionregistration-v1.ts";
import { declTypeOf } from "../../apimachinery/cel/mod.ts";
import { plan as planned } from "./plan.ts";
import { type CustomKinds, typesOf, typeWarnings as warningsOf } from "./type-check.ts";

const nothing: CustomKinds = { byPlural: async () => undefined, byKind: async () => undefined };
const typeWarnings = async (one: ValidatingAdmissionPolicy, custom = nothing) =>
  warningsOf(one, await typesOf(one, custom));
const plan = async (one: ValidatingAdmissionPolicy) => planned({ policy: one, types: await typesOf(one, nothing) });

function policy(spec: object, status: object = {}, generation = 1): ValidatingAdmissionPolicy {
  const resourceRules = [{ apiGroups: ["apps"], apiVersions: ["v1"], resources: ["deployments"], operations: ["*"] }];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: "p", uid: "u", generation },
    spec: { failurePolicy: "Fail", matchConstraints: { resourceRules }, ...spec },
    status,
  } as unknown as ValidatingAdmissionPolicy;
}

test("a field that the kind does not have is warned of, in upstream's words", async () => {
  const validations = [
    { expression: "object.replicas > 1", messageExpression: "'a' + object.spec.nothing" },
    { expression: "object.spec.replicas > 1" },
  ];
  assert.deepEqual(await typeWarnings(policy({ validations })), [
    {
      fieldRef: "spec.validations[0].expression",
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
    },
    {
      fieldRef: "spec.validations[0].messageExpression",
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:18: undefined field 'nothing'\n | 'a' + object.spec.nothing\n | .................^\n",
    },
  ]);
});

test("variables and parameters have types, too; what is not known can be anything", async () => {
  const variables = [{ name: "n", expression: "object.spec.replicas" }];
  const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
  const of = async (expression: string, more: object = {}) =>
    (await typeWarnings(policy({ variables, paramKind, validations: [{ expression }], ...more }))).length;
  assert.equal(await of("variables.n > 1 && params.data['a'] == 'b'"), 0);
  assert.equal(await of("variables.n == 'text'"), 1);
  assert.equal(await of("params.nothing == 'b'"), 1);
  assert.equal(await of("params.nothing == 'b'", { paramKind: { apiVersion: "example.com/v1", kind: "Own" } }), 0);
  const everything = { resourceRules: [{ apiGroups: ["*"], apiVersions: ["v1"], resources: ["*"] }] };
  assert.equal(await of("object.nothing == 1", { matchConstraints: everything }), 0);
});

test("a policy is checked once a generation, and old warnings go", async () => {
  const good = { validations: [{ expression: "object.spec.replicas > 1" }] };
  assert.deepEqual(await plan(policy(good, { observedGeneration: 1 })), []);
  const [first] = await plan(policy(good));
  assert.ok(first?.type === "patch");
  assert.deepEqual(first.patch.body, { metadata: { uid: "u" }, status: { observedGeneration: 1, typeChecking: {} } });
  const warned = { observedGeneration: 1, typeChecking: { expressionWarnings: [{ fieldRef: "a", warning: "b" }] } };
  const [second] = await plan(policy(good, warned, 2));
  assert.ok(second?.type === "patch");
  assert.deepEqual(second.patch.body, {
    metadata: { uid: "u" },
    status: { observedGeneration: 2, typeChecking: { expressionWarnings: null } },
  });
});

test("a kind that is not built in is checked as far as it is known, and parameters of one are, too", async () => {
  const field = (name: string, type: "string" | "integer") => [
    name,
    { name, schema: { type }, required: false, empty: "keep" },
  ];
  const own = (kind: string, name: string, type: "string" | "integer") => ({
    group: "example.com",
    version: "v1",
    kind,
    type: declTypeOf({ type: "object", fields: new Map([field(name, type)] as never) })!,
  });
  const custom: CustomKinds = {
    byPlural: async (_group, _version, plural) => (plural === "owns" ? own("Own", "foo", "integer") : undefined),
    byKind: async (_group, _version, kind) => (kind === "Limit" ? own("Limit", "foo", "string") : undefined),
  };
  const about = (resources: string[]) => ({
    resourceRules: [{ apiGroups: ["example.com"], apiVersions: ["v1"], resources, operations: ["*"] }],
  });
  const of = (expression: string, resources = ["owns"]) =>
    typeWarnings(
      policy({
        matchConstraints: about(resources),
        paramKind: { apiVersion: "example.com/v1", kind: "Limit" },
        validations: [{ expression }],
      }),
      custom,
    );
  assert.deepEqual(await of("object.foo > 1 && params.foo == 'a'"), []);
  assert.match(
    (await of("object.foo == 'a'"))[0]!.warning,
    /^example.com\/v1, Kind=Own: ERROR: .*'_==_' applied to '\(int, string\)'/,
  );
  assert.equal((await of("object.foo == params.foo")).length, 1);
  assert.deepEqual(await of("object.foo == 'a'", ["others", "owns/status"]), []);
});
