import assert from "node:assert/strict";
import { test } from "node:test";
import { decoded, problems, row } from "../../test-support.ts";
import { MutatingAdmissionPolicy } from "./mutating-admission-policy.ts";
import { MutatingAdmissionPolicyBinding } from "./mutating-admission-policy-binding.ts";
import { MutatingWebhookConfiguration } from "./mutating-webhook-configuration.ts";
import { ValidatingAdmissionPolicy } from "./validating-admission-policy.ts";
import { ValidatingAdmissionPolicyBinding } from "./validating-admission-policy-binding.ts";
import { ValidatingWebhookConfiguration } from "./validating-webhook-configuration.ts";

const rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const hook = {
  name: "a.example.com",
  admissionReviewVersions: ["v1"],
  sideEffects: "None",
  clientConfig: { url: "https://a.example.com/x" },
  rules: [rule],
};
const webhooks = (...changes: object[]) => ({ webhooks: changes.map((change) => ({ ...hook, ...change })) });
const of = (change: object) => problems(ValidatingWebhookConfiguration, webhooks(change));

test("a webhook's defaults are those of upstream", () => {
  const [made] = decoded(
    MutatingWebhookConfiguration,
    webhooks({ clientConfig: { service: { namespace: "n", name: "s" } } }),
  ).webhooks!;
  assert.deepEqual(made, {
    ...hook,
    clientConfig: { service: { namespace: "n", name: "s", port: 443 } },
    rules: [{ ...rule, scope: "*" }],
    failurePolicy: "Fail",
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
    reinvocationPolicy: "Never",
    timeoutSeconds: 10,
  });
  const cells = row(
    ValidatingWebhookConfiguration,
    decoded(ValidatingWebhookConfiguration, webhooks({}, { name: "b.example.com" })),
  );
  assert.equal(cells["Webhooks"], 2);
});

test("a webhook names itself in full, once, and says what it does", () => {
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ name: "short" }), [
    'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
  ]);
  assert.deepEqual(problems(ValidatingWebhookConfiguration, webhooks({}, {})), [
    'webhooks[1].name: Duplicate value: "a.example.com"',
  ]);
  assert.deepEqual(of({ sideEffects: "Some", failurePolicy: "Maybe", matchPolicy: "Like", timeoutSeconds: 31 }), [
    'webhooks[0].failurePolicy: Unsupported value: "Maybe": supported values: "Fail", "Ignore"',
    'webhooks[0].matchPolicy: Unsupported value: "Like": supported values: "Equivalent", "Exact"',
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    "webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds",
  ]);
  assert.deepEqual(of({ admissionReviewVersions: [] }), [
    "webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1",
  ]);
  assert.deepEqual(of({ admissionReviewVersions: ["v2", "v2"] }), [
    'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
    'webhooks[0].admissionReviewVersions: Invalid value: ["v2","v2"]: must include at least one of v1, v1beta1',
  ]);
  assert.deepEqual(problems(MutatingWebhookConfiguration, webhooks({ reinvocationPolicy: "Often" })), [
    'webhooks[0].reinvocationPolicy: Unsupported value: "Often": supported values: "IfNeeded", "Never"',
  ]);
});

test("what a webhook listens at is one place that can be reached safely", () => {
  const at = (clientConfig: object) => of({ clientConfig });
  assert.deepEqual(at({}), ["webhooks[0].clientConfig: Required value: exactly one of url or service is required"]);
  assert.deepEqual(at({ url: "http://u:p@h/x?a=b#c" }), [
    "webhooks[0].clientConfig.url: Invalid value: \"http\": 'https' is the only allowed URL scheme; desired format: https://host[/path]",
    'webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "c": fragments are not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL',
  ]);
  assert.deepEqual(at({ url: "https:///x" }), [
    'webhooks[0].clientConfig.url: Invalid value: "": host must be specified; desired format: https://host[/path]',
  ]);
  assert.deepEqual(at({ service: { namespace: "", name: "s", path: "a//b/", port: 70000 } }), [
    "webhooks[0].clientConfig.service.name: Required value",
    "webhooks[0].clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive",
    "webhooks[0].clientConfig.service.path: Invalid value: \"a//b/\": must start with a '/'",
    'webhooks[0].clientConfig.service.path: Invalid value: "a//b/": segment[0] may not be empty',
    'webhooks[0].clientConfig.service.path: Invalid value: "a//b/": segment[1] may not be empty',
  ]);
});

test("a rule says which writes, without saying the same twice", () => {
  const rules = (change: object) => of({ rules: [{ ...rule, ...change }] });
  assert.deepEqual(rules({ operations: ["*", "CREATE"], apiGroups: ["*", "a"], apiVersions: [], scope: "Some" }), [
    'webhooks[0].rules[0].operations: Invalid value: ["*","CREATE"]: if \'*\' is present, must not specify other operations',
    'webhooks[0].rules[0].apiGroups: Invalid value: ["*","a"]: if \'*\' is present, must not specify other API groups',
    "webhooks[0].rules[0].apiVersions: Required value",
    'webhooks[0].rules[0].scope: Unsupported value: "Some": supported values: "*", "Cluster", "Namespaced"',
  ]);
  assert.deepEqual(rules({ resources: ["pods/*", "pods/status", "*/scale", "deployments/scale", "*", "pods"] }), [
    "webhooks[0].rules[0].resources[1]: Invalid value: \"pods/status\": if 'pods/*' is present, must not specify pods/status",
    "webhooks[0].rules[0].resources[3]: Invalid value: \"deployments/scale\": if '*/scale' is present, must not specify deployments/scale",
    `webhooks[0].rules[0].resources: Invalid value: ["pods/*","pods/status","*/scale","deployments/scale","*","pods"]: if '*' is present, must not specify other resources without subresources`,
  ]);
});

test("an update is held to no more than what is stored keeps", () => {
  const old = decoded(ValidatingWebhookConfiguration, webhooks({ sideEffects: "Some" }, { sideEffects: "Some" }));
  assert.deepEqual(problems(ValidatingWebhookConfiguration, webhooks({ sideEffects: "Some" }, {}), old), []);
});

const matchConstraints = { resourceRules: [rule] };
const policy = { metadata: { name: "p" }, spec: { matchConstraints, validations: [{ expression: "true" }] } };
const policyProblems = (spec: object) =>
  problems(ValidatingAdmissionPolicy, { ...policy, spec: { ...policy.spec, ...spec } });

test("a validating policy says what it is about, and one thing to check", () => {
  assert.deepEqual(policyProblems({}), []);
  assert.deepEqual(policyProblems({ matchConstraints: null, validations: [] }), [
    "spec.matchConstraints: Required value",
    "spec.validations: Required value: validations or auditAnnotations must contain at least one item",
    "spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item",
  ]);
  assert.deepEqual(policyProblems({ matchConstraints: {}, paramKind: { apiVersion: "a/b/c", kind: "-" } }), [
    'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
    "spec.paramKind.kind: Invalid value: \"-\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    "spec.matchConstraints.resourceRules: Required value",
  ]);
  assert.deepEqual(policyProblems({ validations: [{ expression: " ", message: "a\nb", reason: "Because" }] }), [
    "spec.validations[0].expression: Required value: expression is not specified",
    'spec.validations[0].message: Invalid value: "a\\nb": must not contain line breaks',
    'spec.validations[0].reason: Unsupported value: "Because": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
  ]);
  assert.deepEqual(
    policyProblems({
      variables: [
        { name: "in", expression: "1" },
        { name: "b", expression: "" },
      ],
    }),
    [
      'spec.variables[0].name: Invalid value: "in": must be a valid CEL identifier',
      "spec.variables[1].expression: Required value: expression is not specified",
    ],
  );
  assert.deepEqual(
    policyProblems({
      matchConditions: [
        { name: "a", expression: "" },
        { name: "a", expression: "true" },
      ],
    }),
    ["spec.matchConditions[0].expression: Required value", 'spec.matchConditions[1].name: Duplicate value: "a"'],
  );
  const made = decoded(ValidatingAdmissionPolicy, {
    ...policy,
    spec: { ...policy.spec, paramKind: { apiVersion: "v1", kind: "ConfigMap" } },
  });
  assert.equal(made.spec.failurePolicy, "Fail");
  assert.equal(made.spec.matchConstraints!.matchPolicy, "Equivalent");
  assert.deepEqual(row(ValidatingAdmissionPolicy, made)["ParamKind"], "v1/ConfigMap");
});

test("expressions are compiled, and mistakes are shown where they are", () => {
  assert.deepEqual(policyProblems({ validations: [{ expression: "object.x" }, { expression: "params.x == 1" }] }), [
    'spec.validations[0].expression: Invalid value: "object.x": must evaluate to bool but got dyn',
    "spec.validations[1].expression: Invalid value: \"params.x == 1\": compilation failed: ERROR: <input>:1:1: undeclared reference to 'params' (in container '')\n | params.x == 1\n | ^",
  ]);
  const paramKind = { apiVersion: "v1", kind: "ConfigMap" };
  assert.deepEqual(policyProblems({ paramKind, validations: [{ expression: "params.x == 1" }] }), []);
  const variables = [
    { name: "a", expression: "object.metadata.name" },
    { name: "b", expression: "variables.a == 'x'" },
  ];
  const auditAnnotations = [{ key: "k", valueExpression: "1" }];
  assert.deepEqual(policyProblems({ variables, validations: [{ expression: "variables.b" }], auditAnnotations }), [
    'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
  ]);
  assert.match(
    of({ matchConditions: [{ name: "a", expression: "object.a +" }] })[0]!,
    /^webhooks\[0\]\.matchConditions\[0\]\.expression: Invalid value: "object.a \+": compilation failed: ERROR: <input>:1:/,
  );
});

test("a binding names a policy, what to do, and at most one way to its parameters", () => {
  const bound = { policyName: "p", validationActions: ["Deny"] };
  const of = (spec: object) => problems(ValidatingAdmissionPolicyBinding, { spec: { ...bound, ...spec } });
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ policyName: "", validationActions: [] }), [
    "spec.policyName: Required value",
    "spec.validationActions: Required value: at least one validation action is required",
  ]);
  assert.deepEqual(of({ validationActions: ["Deny", "Warn", "Deny", "Shout"] }).slice(0, 2), [
    'spec.validationActions[2]: Duplicate value: "Deny"',
    'spec.validationActions[3]: Unsupported value: "Shout": supported values: "Audit", "Deny", "Warn"',
  ]);
  assert.deepEqual(of({ paramRef: {} }), [
    "spec.paramRef: Required value: one of name or selector must be specified",
    "spec.paramRef.parameterNotFoundAction: Required value",
  ]);
  assert.deepEqual(of({ paramRef: { name: "a", selector: {}, parameterNotFoundAction: "Shrug" } }), [
    "spec.paramRef.name: Forbidden: name and selector are mutually exclusive",
    "spec.paramRef.selector: Forbidden: name and selector are mutually exclusive",
    'spec.paramRef.parameterNotFoundAction: Unsupported value: "Shrug": supported values: "Deny", "Allow"',
  ]);
  const cell = (paramRef: object) =>
    row(ValidatingAdmissionPolicyBinding, decoded(ValidatingAdmissionPolicyBinding, { spec: { ...bound, paramRef } }))[
      "ParamRef"
    ];
  assert.equal(cell({ name: "a" }), "*/a");
  assert.equal(cell({ name: "a", namespace: "n" }), "n/a");
  assert.equal(
    cell({ selector: { matchLabels: { a: "b" } } }),
    "&LabelSelector{MatchLabels:map[string]string{a: b,},MatchExpressions:[]LabelSelectorRequirement{},}",
  );
});

test("a mutating policy changes what is written, in one way a mutation", () => {
  const mutations = [{ patchType: "JSONPatch", jsonPatch: { expression: "[JSONPatch{op: 'test', path: '/x'}]" } }];
  const spec = { matchConstraints, mutations, reinvocationPolicy: "Never" };
  const of = (change: object) => problems(MutatingAdmissionPolicy, { spec: { ...spec, ...change } });
  assert.deepEqual(of({}), []);
  assert.deepEqual(of({ mutations: [], reinvocationPolicy: null }), [
    "spec.mutations: Required value: mutations must contain at least one item",
    "spec.reinvocationPolicy: Required value",
  ]);
  assert.deepEqual(of({ mutations: [{ patchType: "ApplyConfiguration", jsonPatch: { expression: "[]" } }] }), [
    "spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration",
    'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
  ]);
  assert.deepEqual(of({ matchConstraints: { resourceRules: [{ ...rule, operations: ["DELETE"] }] } }), [
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
  ]);
  assert.deepEqual(problems(MutatingAdmissionPolicyBinding, { spec: {} }), ["spec.policyName: Required value"]);
});

test("the status of a policy names where each warning belongs", () => {
  const status = { typeChecking: { expressionWarnings: [{ fieldRef: "", warning: "" }] } };
  const old = decoded(ValidatingAdmissionPolicy, policy);
  assert.deepEqual(problems(ValidatingAdmissionPolicy, { ...policy, status }, old, { subresource: "status" }), [
    "status.typeChecking.expressionWarnings[0].warning: Required value",
    "status.typeChecking.expressionWarnings[0].fieldRef: Required value",
  ]);
});
