import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValidatingAdmissionPolicy } from "../../api/generated/types/admissionregistration-v1.ts";
import { plan } from "./plan.ts";
import { typeWarnings } from "./type-check.ts";

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

test("a field that the kind does not have is warned of, in upstream's words", () => {
  const validations = [
    { expression: "object.replicas > 1", messageExpression: "'a' + object.spec.nothing" },
    { expression: "object.spec.replicas > 1" },
  ];
  assert.deepEqual(typeWarnings(policy({ validations })), [
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

test("variables and parameters have types, too; what is not known can be anything", () => {
  const variables = [{ name: "n", expression: "object.spec.replicas" }];
  const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
  const of = (expression: string, more: object = {}) =>
    typeWarnings(policy({ variables, paramKind, validations: [{ expression }], ...more })).length;
  assert.equal(of("variables.n > 1 && params.data['a'] == 'b'"), 0);
  assert.equal(of("variables.n == 'text'"), 1);
  assert.equal(of("params.nothing == 'b'"), 1);
  assert.equal(of("params.nothing == 'b'", { paramKind: { apiVersion: "example.com/v1", kind: "Own" } }), 0);
  const everything = { resourceRules: [{ apiGroups: ["*"], apiVersions: ["v1"], resources: ["*"] }] };
  assert.equal(of("object.nothing == 1", { matchConstraints: everything }), 0);
});

test("a policy is checked once a generation, and old warnings go", () => {
  const good = { validations: [{ expression: "object.spec.replicas > 1" }] };
  assert.deepEqual(plan(policy(good, { observedGeneration: 1 })), []);
  const [first] = plan(policy(good));
  assert.ok(first?.type === "patch");
  assert.deepEqual(first.patch.body, { metadata: { uid: "u" }, status: { observedGeneration: 1, typeChecking: {} } });
  const warned = { observedGeneration: 1, typeChecking: { expressionWarnings: [{ fieldRef: "a", warning: "b" }] } };
  const [second] = plan(policy(good, warned, 2));
  assert.ok(second?.type === "patch");
  assert.deepEqual(second.patch.body, {
    metadata: { uid: "u" },
    status: { observedGeneration: 2, typeChecking: { expressionWarnings: null } },
  });
});
