import assert from "node:assert/strict";
import { test } from "node:test";
import { ValidatingAdmissionPolicy } from "../../../api/admissionregistration/v1/validating-admission-policy.ts";
import { ValidatingAdmissionPolicyBinding } from "../../../api/admissionregistration/v1/validating-admission-policy-binding.ts";
import { ConfigMap } from "../../../api/core/v1/config-map.ts";
import { Namespace } from "../../../api/core/v1/namespace.ts";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { realClock } from "../../../base/mod.ts";
import type { Authorizer } from "../../authorization/authorizer.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import { convertByStorage } from "../dynamic/versioned.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { testAttributes } from "../test-attributes.ts";
import { validatingPolicies } from "./validating.ts";

const rule = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], scope: "*" };
const matchConstraints = {
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  resourceRules: [rule],
};

/** An authorizer that takes its time. */
const slow: Authorizer = {
  name: "slow",
  authorize: ({ verb }) => Promise.resolve({ decision: verb === "get" ? "allow" : "deny", reason: "said" }),
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};

function subject(spec: object, binding: object = {}) {
  const objects = new MemoryObjects();
  objects.set(Namespace, { metadata: { name: "default" } });
  const policy = { failurePolicy: "Fail", matchConstraints, ...spec };
  objects.set(ValidatingAdmissionPolicy, { metadata: { name: "p" }, spec: policy });
  const bound = { policyName: "p", validationActions: ["Deny"], ...binding };
  objects.set(ValidatingAdmissionPolicyBinding, { metadata: { name: "b" }, spec: bound });
  const plugin = validatingPolicies({
    reader: objects,
    served: () => [ConfigMap, Namespace],
    convert: convertByStorage,
    authorizer: slow,
    clock: realClock,
    metricsRegistry: new MetricsRegistry(),
  });
  const warnings: string[] = [];
  const annotations: Record<string, string> = {};
  const write = async (name = "a", change: Partial<AdmissionAttributes> = {}): Promise<string | undefined> => {
    const attributes = testAttributes(
      ConfigMap,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } },
      {
        warn: (text) => void warnings.push(text),
        auditAnnotate: (key, value) => {
          annotations[key] = value;
        },
        ...change,
      },
    );
    try {
      if (plugin.handles(attributes)) await plugin.validate!(attributes);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  return { objects, plugin, write, warnings, annotations };
}

test("while no policy is bound there is nothing to do", async () => {
  const { objects, plugin, write } = subject({ validations: [{ expression: "false" }] });
  assert.match((await write())!, /denied request: failed expression: false$/);
  await objects.delete(ValidatingAdmissionPolicyBinding, "", "b");
  assert.equal(plugin.handles(testAttributes(ConfigMap, { metadata: {} })), false);
});

test("a changed policy counts for the next write", async () => {
  const { objects, write } = subject({ validations: [{ expression: "false" }] });
  assert.notEqual(await write(), undefined);
  const spec = { failurePolicy: "Fail", matchConstraints, validations: [{ expression: "true" }] };
  objects.set(ValidatingAdmissionPolicy, { metadata: { name: "p" }, spec });
  assert.equal(await write(), undefined);
});

test("failures are told in the audit log as upstream tells them, and annotations of the policy's own beside them", async () => {
  const { write, annotations, warnings } = subject(
    {
      validations: [{ expression: "true" }, { expression: "object.metadata.name != 'a'", message: "not <a>" }],
      auditAnnotations: [
        { key: "name", valueExpression: "'is ' + object.metadata.name" },
        { key: "empty", valueExpression: "null" },
      ],
    },
    { validationActions: ["Audit", "Warn"] },
  );
  assert.equal(await write(), undefined);
  assert.deepEqual(annotations, {
    "validation.policy.admission.k8s.io/validation_failure":
      '[{"message":"not \\u003ca\\u003e","policy":"p","binding":"b","expressionIndex":1,"validationActions":["Audit","Warn"]}]',
    "p/name": "is a",
  });
  assert.deepEqual(warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': not <a>"]);
});

test("an authorizer that takes its time is waited for", async () => {
  const check = (verb: string) => `authorizer.group('').resource('pods').check('${verb}').allowed()`;
  const { write } = subject({ validations: [{ expression: `${check("get")} && !${check("delete")}` }] });
  assert.equal(await write(), undefined);
});

test("variables are evaluated when they are read, once, and their failures are told", async () => {
  const variables = [
    { name: "bad", expression: "object.none" },
    { name: "name", expression: "object.metadata.name" },
  ];
  const fine = subject({ variables, validations: [{ expression: "variables.name == 'a' || variables.bad" }] });
  assert.equal(await fine.write(), undefined);
  assert.match(
    (await fine.write("b"))!,
    /resulted in error: composited variable "bad" fails to evaluate: no such key: none$/,
  );
});

test("what does not compile any more fails as its policy says", async () => {
  const validations = [{ expression: "nothing.at.all" }];
  assert.match(
    (await subject({ validations }).write())!,
    /denied request: compilation error: compilation failed: ERROR/,
  );
  assert.equal(await subject({ validations, failurePolicy: "Ignore" }).write(), undefined);
});

test("a kind of parameters that nobody serves is a misconfigured policy", async () => {
  const paramKind = { apiVersion: "example.com/v1", kind: "Limit" };
  assert.match(
    (await subject({ paramKind, validations: [{ expression: "true" }] }).write())!,
    /ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example\.com\/v1, Kind=Limit'$/,
  );
});
