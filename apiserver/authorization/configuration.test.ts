import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseYaml } from "../../apimachinery/yaml/yaml.ts";
import { parseAuthorizationConfiguration } from "./configuration.ts";
import { matchesAll } from "./webhook/match-conditions.ts";

const head = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n";
const parse = (yaml: string) => parseAuthorizationConfiguration(parseYaml(head + yaml).value);
const webhook = (more = ""): string => `
authorizers:
- type: Webhook
  name: hook
  webhook:
    timeout: 3s
    subjectAccessReviewVersion: v1
    matchConditionSubjectAccessReviewVersion: v1
    failurePolicy: Deny
    connectionInfo: {type: KubeConfigFile, kubeConfigFile: /etc/hook.yaml}
${more}- {type: Node, name: node}
- {type: RBAC, name: rbac}
`;

test("authorizers are asked in the order of the file, with upstream's defaults", () => {
  const [hook, ...others] = parse(webhook());
  assert.deepEqual(hook, {
    type: "Webhook",
    name: "hook",
    timeoutMs: 3_000,
    authorizedTtlMs: 300_000,
    unauthorizedTtlMs: 30_000,
    version: "v1",
    failurePolicy: "Deny",
    kubeConfigFile: "/etc/hook.yaml",
    conditions: [],
  });
  assert.deepEqual(others, [
    { type: "Node", name: "node" },
    { type: "RBAC", name: "rbac" },
  ]);
});

test("answers are not remembered where the file says so", () => {
  const [hook] = parse(webhook("    cacheAuthorizedRequests: false\n    unauthorizedTTL: 1s\n"));
  assert.ok(hook?.type === "Webhook");
  assert.deepEqual([hook.authorizedTtlMs, hook.unauthorizedTtlMs], [0, 1_000]);
});

describe("conditions", () => {
  const conditionsOf = (...sources: readonly string[]) => {
    const list = sources.map((source) => `{expression: ${JSON.stringify(source)}}`).join(", ");
    const [hook] = parse(webhook(`    matchConditions: [${list}]\n`));
    assert.ok(hook?.type === "Webhook");
    return hook.conditions;
  };
  const spec = { user: "jane", groups: ["a"], resourceAttributes: { namespace: "kube-system", verb: "get" } };

  test("all hold, or the webhook is not asked; fields that are empty may be read", () => {
    const system = "request.resourceAttributes.namespace == 'kube-system'";
    assert.equal(matchesAll(conditionsOf(system, "'a' in request.groups", "request.uid == ''"), spec), true);
    assert.equal(matchesAll(conditionsOf(system, "request.user == 'joe'"), spec), false);
    assert.equal(matchesAll(conditionsOf("has(request.nonResourceAttributes)"), spec), false);
    assert.equal(matchesAll(conditionsOf("request.resourceAttributes.name == ''"), spec), true);
  });

  test("that fail throw, unless another decides", () => {
    const fails = "request.nonResourceAttributes.path == '/'";
    assert.throws(() => matchesAll(conditionsOf(fails), spec), {
      message: `cel evaluation error: expression '${fails}' resulted in error: no such key: nonResourceAttributes`,
    });
    assert.equal(matchesAll(conditionsOf(fails, "request.user == 'joe'"), spec), false);
  });
});

const refusals: readonly (readonly [name: string, yaml: string, message: string])[] = [
  [
    "without authorizers",
    "authorizers: []",
    "authorizers: Required value: at least one authorization mode must be defined",
  ],
  [
    "of a type that is none",
    "authorizers: [{type: Oracle, name: a}]",
    'authorizers[0].type: Unsupported value: "Oracle": supported values: "ABAC", "AlwaysAllow", "AlwaysDeny", "Node", "RBAC", "Webhook"',
  ],
  [
    "of one type twice",
    "authorizers: [{type: RBAC, name: a}, {type: RBAC, name: b}]",
    'authorizers[1].type: Duplicate value: "RBAC"',
  ],
  ["without a name", "authorizers: [{type: RBAC}]", "authorizers[0].name: Required value"],
  [
    "with a webhook that says nothing of itself",
    "authorizers: [{type: Webhook, name: a}]",
    "authorizers[0].webhook: Required value: required when type=Webhook",
  ],
  [
    "with conditions that do not compile",
    webhook("    matchConditions: [{expression: request.usr}]\n"),
    "authorizers[0].matchConditions[0].expression: Invalid value: \"request.usr\": compilation failed: ERROR: <input>:1:8: undefined field 'usr'\n | request.usr\n | .......^",
  ],
  [
    "with a timeout that is too long",
    webhook().replace("3s", "31s"),
    'authorizers[0].timeout: Invalid value: "31s": must be > 0s and <= 30s',
  ],
  [
    "with a field that nobody knows",
    webhook("    colour: blue\n"),
    'strict decoding error: unknown field "authorizers[0].webhook.colour"',
  ],
];
for (const [name, yaml, message] of refusals) {
  test(`a configuration ${name} is refused`, () => assert.throws(() => parse(yaml), { message }));
}

test("the names of those that are part of the server are theirs, and a file that is read again names the same ones", () => {
  const refused = (yaml: string, message: string, started?: readonly ("Node" | "RBAC")[]): void => {
    const content = parseYaml(head + yaml).value;
    assert.throws(() => parseAuthorizationConfiguration(content, started && { started }), { message });
  };
  refused("authorizers: [{type: RBAC, name: mine}]", "expected name rbac for authorizer RBAC instead of mine");
  const rbac = "authorizers: [{type: RBAC, name: rbac}]";
  refused(rbac, "missing required types: [Node]", ["RBAC", "Node"]);
  const notEnabled = "authorizer type RBAC is not allowed if it was not enabled at initial server startup";
  refused(rbac, notEnabled, []);
  const more = parseYaml(
    `${head}authorizers: [{type: RBAC, name: rbac}, {type: AlwaysAllow, name: alwaysallow}]`,
  ).value;
  assert.equal(parseAuthorizationConfiguration(more, { started: ["RBAC"] }).length, 2);
});
