import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { Auditor } from "../../apiserver/audit/auditor.ts";
import type { AuditEvent } from "../../apiserver/audit/event.ts";
import { parseAuditPolicy } from "../../apiserver/audit/policy.ts";
import { audit } from "../../apiserver/filters/audit.ts";
import { realClock, realRandom } from "../../base/mod.ts";
import { expect, seen } from "../support/conformance.ts";
import { definitionOf, establish } from "../support/custom-resources.ts";
import { type Answer, type Call, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// Upstream's integration tests of policies, case by case: test/integration/apiserver/cel.

const api = "/apis/admissionregistration.k8s.io/v1";
const core = "/api/v1";
const inDefault = `${core}/namespaces/default`;
const rbac = "/apis/rbac.authorization.k8s.io/v1";

const ruleOf = (resources: string, more: object = {}): object => ({
  operations: ["*"],
  apiGroups: [""],
  apiVersions: ["*"],
  resources: [resources],
  ...more,
});
const about = (resources: string, more: object = {}): object => ({
  matchConstraints: { resourceRules: [ruleOf(resources)], ...more },
});
const configParams = { paramKind: { apiVersion: "v1", kind: "ConfigMap" } };
const messageOf = ({ json }: Answer): string => (json as { message: string }).message;
const reasonOf = ({ json }: Answer): string => (json as { reason: string }).reason;

describe("policies, as upstream's integration tests have them", { timeout: 240_000 }, () => {
  const events: AuditEvent[] = [];
  let https: HttpsServer;
  let admin: HttpClient;
  before(async () => {
    const auditor = new Auditor({
      policy: parseAuditPolicy({
        apiVersion: "audit.k8s.io/v1",
        kind: "Policy",
        omitStages: ["RequestReceived"],
        rules: [{ level: "Request", resources: [{ resources: ["configmaps"] }] }],
      }),
      backend: { write: (event) => void events.push(event), close: async () => {} },
      clock: realClock,
      random: realRandom,
    });
    https = await startHttpsServer({ more: { audit: audit(auditor) } });
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin?.close();
    await https?.close();
  });
  afterEach(async () => {
    for (const kind of ["validating", "mutating"]) {
      for (const resource of ["policybindings", "policies"]) {
        await expect(admin, { method: "DELETE", path: `${api}/${kind}admission${resource}` }, 200);
      }
    }
    await expect(admin, { method: "DELETE", path: `${inDefault}/configmaps` }, 200);
  });

  const made = (path: string, body: object): Promise<Answer> => expect(admin, { method: "POST", path, body }, 201);
  const gone = (path: string): Promise<Answer> => expect(admin, { method: "DELETE", path }, 200);
  const policy = (name: string, spec: object): Promise<Answer> =>
    made(`${api}/validatingadmissionpolicies`, { metadata: { name }, spec: { failurePolicy: "Fail", ...spec } });
  const bind = (policyName: string, spec: object = {}, name = `${policyName}-binding`): Promise<Answer> =>
    made(`${api}/validatingadmissionpolicybindings`, {
      metadata: { name },
      spec: { policyName, validationActions: ["Deny"], ...spec },
    });
  const unmade = async (name: string): Promise<void> => {
    await gone(`${api}/validatingadmissionpolicybindings/${name}-binding`);
    await gone(`${api}/validatingadmissionpolicies/${name}`);
  };
  const paramOf = (name: string): object => ({
    paramRef: { name, namespace: "default", parameterNotFoundAction: "Deny" },
  });
  const namespace = (name: string): Call => ({
    method: "POST",
    path: `${core}/namespaces?dryRun=All`,
    body: { metadata: { name } },
  });
  const generated = (generateName: string): Call => ({
    method: "POST",
    path: `${core}/namespaces?dryRun=All`,
    body: { metadata: { generateName } },
  });
  const configMap = (name: string, more: object = {}): Call => ({
    method: "POST",
    path: `${inDefault}/configmaps`,
    body: { metadata: { name, ...more } },
  });
  const denied = (name: string, why: string, resource = "namespaces"): string =>
    `${resource} "${name}" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'p-binding' denied request: ${why}`;

  const unguarded =
    "(has(params.metadata) && has(params.metadata.name) && object.metadata.name.startsWith(params.metadata.name)) || object.metadata.name.endsWith('k8s')";
  const passing: readonly [string, object][] = [
    ["object.metadata.name.endsWith('k8s')", {}],
    ["request.name.endsWith('k8s')", {}],
    ["object.nonExistentProperty == 'someval'", { failurePolicy: "Ignore" }],
    [unguarded, configParams],
    [
      "(params != null && object.metadata.name.startsWith(params.metadata.name)) || object.metadata.name.endsWith('k8s')",
      configParams,
    ],
    ["namespaceObject == null", configParams],
  ];
  for (const [expression, more] of passing) {
    test(`lets a namespace pass: ${expression}`, async () => {
      await policy("p", { ...about("namespaces"), validations: [{ expression }], ...more });
      await bind("p");
      await expect(admin, namespace("test-k8s"), 201);
    });
  }

  const error = (expression: string, why: string): string => `expression '${expression}' resulted in error: ${why}`;
  const unknown = "object.nonExistentProperty == 'someval'";
  const starts = "object.metadata.name.startsWith(params.metadata.name)";
  const refusing: readonly [string, string, object, string?][] = [
    ["object.metadata.name.endsWith('k9s')", "failed expression: object.metadata.name.endsWith('k9s')", {}],
    [
      "object.metadata.name.endsWith('k9s')",
      "failed expression: object.metadata.name.endsWith('k9s')",
      {},
      "Forbidden",
    ],
    [unknown, error(unknown, "no such key: nonExistentProperty"), {}],
    [starts, error(starts, "no such key: metadata"), configParams],
    [
      "has(params.metadata) && has(params.metadata.name) && object.metadata.name.endsWith(params.metadata.name)",
      "failed expression: has(params.metadata) && has(params.metadata.name) && object.metadata.name.endsWith(params.metadata.name)",
      configParams,
    ],
    [
      "(params != null && object.metadata.name.endsWith(params.metadata.name))",
      "failed expression: (params != null && object.metadata.name.endsWith(params.metadata.name))",
      configParams,
    ],
  ];
  for (const [expression, why, more, reason] of refusing) {
    test(`refuses a namespace${reason === undefined ? "" : ` as ${reason}`}: ${expression}`, async () => {
      const validation = { expression, ...(reason === undefined ? {} : { reason }) };
      await policy("p", { ...about("namespaces"), validations: [validation], ...more });
      await bind("p");
      const answer = await admin.call(namespace("test-k8s"));
      assert.deepEqual([reasonOf(answer), messageOf(answer)], [reason ?? "Invalid", denied("test-k8s", why)]);
    });
  }

  const ends = "object.metadata.name.endsWith('k8s')";
  const param = { ...about("configmaps"), ...configParams };
  interface Annotated {
    readonly spec: object;
    readonly actions?: readonly string[];
    readonly name: string;
    readonly refused?: string;
    readonly annotations?: object;
    readonly warning?: string;
  }
  const annotated: Readonly<Record<string, Annotated>> = {
    "annotations, but those that are null": {
      spec: {
        auditAnnotations: [
          { key: "example-key", valueExpression: "'object name: ' + object.metadata.name" },
          { key: "exclude-key", valueExpression: "null" },
        ],
      },
      name: "test1-k8s",
      annotations: { "p/example-key": "object name: test1-k8s" },
    },
    "an annotation that cannot be told": {
      spec: { auditAnnotations: [{ key: "example-key", valueExpression: "string(params.metadata.name)" }] },
      name: "test2-k8s",
      refused: error("string(params.metadata.name)", "no such key: metadata"),
    },
    "an annotation that cannot be told, and need not": {
      spec: {
        failurePolicy: "Ignore",
        auditAnnotations: [{ key: "example-key", valueExpression: "string(params.metadata.name)" }],
      },
      name: "test3-k8s",
    },
    "a warning": {
      spec: { validations: [{ expression: ends }] },
      actions: ["Warn"],
      name: "test4-nope",
      warning: `299 - "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p-binding': failed expression: ${ends}"`,
    },
    "a refusal that is audited": {
      spec: { validations: [{ expression: "true" }, { expression: ends }] },
      actions: ["Deny", "Audit"],
      name: "test5-nope",
      refused: `failed expression: ${ends}`,
      annotations: {
        "validation.policy.admission.k8s.io/validation_failure": `[{"message":"failed expression: ${ends}","policy":"p","binding":"p-binding","expressionIndex":1,"validationActions":["Deny","Audit"]}]`,
      },
    },
  };
  for (const [title, { spec, actions, name, refused, annotations = {}, warning }] of Object.entries(annotated)) {
    test(`tells the audit and the client: ${title}`, async () => {
      await policy("p", { ...param, ...spec });
      await bind("p", actions === undefined ? {} : { validationActions: actions });
      const answer = await admin.call(configMap(name));
      if (refused === undefined) assert.equal(answer.status, 201, answer.text);
      else {
        assert.deepEqual([answer.status, messageOf(answer)], [422, denied(name, refused, "configmaps")]);
      }
      assert.equal(answer.headers["warning"], warning);
      const event = events.find(({ auditID }) => auditID === answer.headers["audit-id"])!;
      const {
        "authorization.k8s.io/decision": _d,
        "authorization.k8s.io/reason": _r,
        ...own
      } = event.annotations ?? {};
      assert.deepEqual(own, annotations);
    });
  }

  test("each binding has its own parameters and its own selection", async () => {
    const exists = (key: string): object => ({ matchExpressions: [{ key, operator: "Exists" }] });
    await policy("p", {
      ...about("secrets", { objectSelector: exists("paramIdent") }),
      ...configParams,
      validations: [
        {
          expression:
            "params.data.autofail != 'true' && (params.data.conditional == 'false' || object.metadata.name.startsWith(params.data.check))",
        },
      ],
    });
    const params: Readonly<Record<string, object>> = {
      autofail: { autofail: "true" },
      autopass: { autofail: "false", conditional: "false" },
      condpass: { autofail: "false", conditional: "true", check: "prefix-" },
    };
    for (const [name, data] of Object.entries(params)) {
      await made(`${inDefault}/configmaps`, { metadata: { name }, data });
      const matchResources = { resourceRules: [ruleOf("secrets")], objectSelector: exists(`${name}-label`) };
      await bind("p", { ...paramOf(name), matchResources }, name);
    }
    const secret = (name: string, label: string): Promise<Answer> =>
      admin.call({
        method: "POST",
        path: `${inDefault}/secrets?dryRun=All`,
        body: { metadata: { name, labels: { paramIdent: "someVal", [`${label}-label`]: "true" } } },
      });
    assert.match(messageOf(await secret("autofailing", "autofail")), /failed expression/);
    assert.equal((await secret("autopassing", "autopass")).status, 201);
    assert.equal((await secret("prefix-condpassing", "condpass")).status, 201);
    assert.match(messageOf(await secret("condfailing", "condpass")), /failed expression/);
  });

  test("a policy about everything is in nobody's way who changes policies", async () => {
    const everything = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] };
    const matchConstraints = { resourceRules: [everything] };
    const spec = { matchConstraints, validations: [{ expression: "false" }] };
    await policy("p", spec);
    await bind("p");
    const patch = (path: string, body: object): Call => ({
      method: "PATCH",
      path: `${api}/${path}`,
      headers: { "content-type": "application/merge-patch+json" },
      body: JSON.stringify(body),
    });
    await expect(admin, patch("validatingadmissionpolicies/p", { spec: { failurePolicy: "Ignore" } }), 200);
    await expect(admin, configMap("any"), 422);
    await expect(admin, patch("validatingadmissionpolicybindings/p-binding", { spec: { policyName: "x" } }), 200);
  });

  test("what parameters are and which ones may change at any time", async () => {
    await made(`${inDefault}/configmaps`, { metadata: { name: "test-1" }, data: { prefix: "a" } });
    await made(`${inDefault}/configmaps`, { metadata: { name: "test-2" } });
    await made(`${inDefault}/secrets`, { metadata: { name: "test-1" } });
    const saying = (expression: string) => ({ validations: [{ expression, message: "wrong" }] });
    const kind = { ...about("namespaces"), ...configParams };
    const put = async (path: string, change: (spec: Record<string, unknown>) => void): Promise<void> => {
      const object = (await expect(admin, { path }, 200)).json as { spec: Record<string, unknown> };
      change(object.spec ?? (object as never));
      await expect(admin, { method: "PUT", path, body: object }, 200);
    };
    const passes = async (good: string, bad: string): Promise<void> => {
      await expect(admin, generated(good), 201);
      assert.match(messageOf(await expect(admin, generated(bad), 422)), /wrong/);
    };
    await policy("p", { ...kind, ...saying("object.metadata.name.startsWith(params.kind.lowerAscii())") });
    await bind("p", paramOf("test-1"));
    await passes("configmap-", "secret-");
    await put(`${api}/validatingadmissionpolicies/p`, (spec) => {
      spec["paramKind"] = { apiVersion: "v1", kind: "Secret" };
    });
    await passes("secret-", "configmap-");
    await unmade("p");
    await policy("p", { ...kind, ...saying("object.metadata.name.startsWith(params.metadata.name)") });
    await bind("p", paramOf("test-1"));
    await passes("test-1-", "test-2-");
    await put(`${api}/validatingadmissionpolicybindings/p-binding`, (spec) => Object.assign(spec, paramOf("test-2")));
    await passes("test-2-", "test-1-");
    await unmade("p");
    await policy("p", { ...kind, ...saying("object.metadata.name.startsWith(params.data['prefix'])") });
    await bind("p", paramOf("test-1"));
    await passes("a-", "b-");
    await put(`${inDefault}/configmaps/test-1`, (object) => Object.assign(object, { data: { prefix: "b" } }));
    await passes("b-", "a-");
    await gone(`${inDefault}/configmaps/test-1`);
    assert.match(
      messageOf(await admin.call(generated("b-"))),
      /failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction$/,
    );
    await made(`${inDefault}/configmaps`, { metadata: { name: "test-1" }, data: { prefix: "b" } });
    await passes("b-", "a-");
  });

  test("a policy counts while there are both it and its binding", async () => {
    const spec = { ...about("namespaces"), validations: [{ expression: "object.metadata.name.startsWith('test')" }] };
    const counts = (does: boolean) => expect(admin, generated("not-test-"), does ? 422 : 201);
    await policy("p", spec);
    await counts(false);
    await bind("p");
    await counts(true);
    await gone(`${api}/validatingadmissionpolicies/p`);
    await counts(false);
    await policy("p", spec);
    await counts(true);
    await gone(`${api}/validatingadmissionpolicybindings/p-binding`);
    await counts(false);
    await bind("p");
    await counts(true);
  });

  test("selectors, names and exclusions choose", async () => {
    const refuse = { validations: [{ expression: "false", message: "matched" }] };
    const check = async (more: object, matched: Call, not: Call, rule = "configmaps"): Promise<void> => {
      const { resourceNames, ...rest } = more as { resourceNames?: string[] };
      const resourceRules = [ruleOf(rule, resourceNames === undefined ? {} : { resourceNames })];
      await policy("p", { matchConstraints: { resourceRules, ...rest }, ...refuse });
      await bind("p");
      assert.match(messageOf(await expect(admin, matched, 422)), /matched$/);
      await expect(admin, not, 201);
      await unmade("p");
    };
    const dry = (call: Call): Call => ({ ...call, path: `${call.path}?dryRun=All` });
    await check(
      { objectSelector: { matchLabels: { foo: "bar" } } },
      dry(configMap("a", { labels: { foo: "bar" } })),
      dry(configMap("a")),
    );
    const notDefault = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: ["default"] };
    await expect(
      admin,
      { method: "POST", path: `${core}/namespaces`, body: { metadata: { name: "not-default" } } },
      201,
    );
    const elsewhere = { ...configMap("a"), path: `${core}/namespaces/not-default/configmaps` };
    await check({ namespaceSelector: { matchExpressions: [notDefault] } }, elsewhere, dry(configMap("a")));
    await check({ resourceNames: ["named"] }, dry(configMap("named")), dry(configMap("other")));
    const secret = { method: "POST", path: `${inDefault}/secrets`, body: { metadata: { generateName: "a-" } } };
    await check({ excludeResourceRules: [ruleOf("configmaps")] }, secret, dry(configMap("a")), "*");
  });

  test("equivalents of custom resources match unless the match is to be exact; they can be parameters", async () => {
    const open = { "x-kubernetes-preserve-unknown-fields": true };
    const versions = ["v1", "v2"].map((name) => ({ name, schema: open }));
    const path = await establish(admin, definitionOf("Panda", versions, { scope: "Cluster" }));
    const panda = (version: string): Call => ({
      method: "POST",
      path: `${path.replace("/v1/", `/${version}/`)}?dryRun=All`,
      body: { apiVersion: `example.com/${version}`, kind: "Panda", metadata: { name: `${version}-bears` } },
    });
    const resourceRules = [
      { operations: ["*"], apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["pandas"] },
    ];
    const validations = [{ expression: "false", message: "matched" }];
    for (const [matchPolicy, code] of [
      ["Equivalent", 422],
      ["Exact", 201],
    ] as const) {
      await policy("p", { matchConstraints: { resourceRules, matchPolicy }, validations });
      await bind("p");
      await expect(admin, panda("v1"), 422);
      await expect(admin, panda("v2"), code);
      await unmade("p");
    }
    const param = { metadata: { name: "config-obj" }, spec: { nameCheck: "crd-test-k8s" } };
    await made(path, { apiVersion: "example.com/v1", kind: "Panda", ...param });
    const expression = "params.spec.nameCheck == object.metadata.name";
    const paramKind = { apiVersion: "example.com/v1", kind: "Panda" };
    await policy("p", { ...about("namespaces"), paramKind, validations: [{ expression }] });
    await bind("p", { paramRef: { name: "config-obj", parameterNotFoundAction: "Deny" } });
    const why = messageOf(await expect(admin, namespace("incorrect-name"), 422));
    assert.equal(why, denied("incorrect-name", `failed expression: ${expression}`));
    await expect(admin, namespace("crd-test-k8s"), 201);
  });

  test("reviews are passed over", async () => {
    const rule = { operations: ["*"], apiGroups: ["authentication.k8s.io"], apiVersions: ["v1"], resources: ["*"] };
    await policy("p", { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: "false" }] });
    await bind("p");
    await made("/apis/authentication.k8s.io/v1/selfsubjectreviews", {});
  });

  const ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
  const nested = ["x", "y", "z", "z2", "z3", "z4", "z5"].reduceRight(
    (inner, name) => `${ten}.all(${name}, ${inner})`,
    "int('1'.find('[0-9]*')) < 100",
  );
  const ask =
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('test').name('backend').check('create').allowed()";
  const expensive = `${ask} && ${ask} && ${ask}`;
  const exceeded = "operation cancelled: actual cost limit exceeded";
  const costs: Readonly<Record<string, readonly [object, string]>> = {
    "an expression of the language": [{ validations: [{ expression: nested }] }, exceeded],
    "questions of the authorizer": [{ validations: [{ expression: expensive }] }, exceeded],
    "questions in a variable": [
      {
        variables: [{ name: "authzCheck", expression: expensive }],
        validations: [{ expression: "variables.authzCheck" }],
      },
      exceeded,
    ],
    "questions in a match condition": [
      { matchConditions: [{ name: "test", expression: expensive }], validations: [{ expression: "true" }] },
      exceeded,
    ],
    "many validations": [
      { validations: Array.from({ length: 29 }, () => ({ expression: ask })) },
      "validation failed due to running out of cost budget, no further validation rules will be run",
    ],
  };
  for (const [title, [spec, why]] of Object.entries(costs)) {
    test(`more than may be spent: ${title}`, async () => {
      await policy("p", { ...about("namespaces"), ...spec });
      await bind("p");
      const answer = await expect(admin, namespace("test-k8s"), 422);
      assert.ok(messageOf(answer).endsWith(why), messageOf(answer));
      assert.equal(reasonOf(answer), "Invalid");
    });
  }

  interface Asking {
    readonly expression: string;
    readonly may?: object;
    /** What the other account may. */
    readonly other?: object;
    readonly allowed: boolean;
  }
  const status =
    "authorizer.group('apps').resource('deployments').subresource('status').namespace('default').name('charmander').check('create').allowed()";
  const own = "authorizer.requestResource.check('anthropomorphize').allowed()";
  const grown = { verbs: ["anthropomorphize"], apiGroups: [""] };
  const asking: readonly Asking[] = [
    {
      expression: status,
      may: { verbs: ["create"], apiGroups: ["apps"], resources: ["deployments/status"], resourceNames: ["charmander"] },
      allowed: true,
    },
    { expression: status, allowed: false },
    { expression: own, may: { ...grown, resources: ["namespaces"] }, allowed: true },
    { expression: own, allowed: false },
    {
      expression:
        "authorizer.serviceAccount('default', 'extra-acct').group('').resource('pods').check('anthropomorphize').allowed()",
      other: { ...grown, resources: ["pods"] },
      allowed: true,
    },
  ];
  const users = { alice: "alice", account: "system:serviceaccount:default:test-service-acct" };
  for (const [i, { expression, may, other, allowed }] of asking.entries()) {
    for (const [who, name] of Object.entries(users)) {
      test(`${who} is asked about: ${expression} (${allowed})`, async () => {
        const grant = async (role: string, subject: object, rules: readonly object[]): Promise<void> => {
          const metadata = { name: `${role}-${i}-${who}` };
          const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: metadata.name };
          await made(`${rbac}/clusterroles`, { metadata, rules });
          await made(`${rbac}/clusterrolebindings`, { metadata, roleRef, subjects: [subject] });
        };
        const user = { kind: "User", apiGroup: "rbac.authorization.k8s.io", name };
        const create = { verbs: ["create"], apiGroups: [""], resources: ["namespaces"] };
        await grant("asker", user, may === undefined ? [create] : [create, may]);
        const account = { kind: "ServiceAccount", namespace: "default", name: "extra-acct" };
        if (other !== undefined) await grant("other", account, [other]);
        await policy("p", { ...about("namespaces"), validations: [{ expression }] });
        await bind("p");
        const answer = await admin.call({ ...namespace("test-authz"), headers: { "impersonate-user": name } });
        assert.equal(answer.status, allowed ? 201 : 422, answer.text);
        for (const role of other === undefined ? ["asker"] : ["asker", "other"]) {
          await gone(`${rbac}/clusterroles/${role}-${i}-${who}`);
          await gone(`${rbac}/clusterrolebindings/${role}-${i}-${who}`);
        }
      });
    }
  }

  const endpoints = { matchConstraints: { resourceRules: [ruleOf("endpoints")] } };
  const applied = (expression: string): object => ({
    patchType: "ApplyConfiguration",
    applyConfiguration: { expression },
  });
  const annotate = (entries: string): object => applied(`Object{metadata: Object.metadata{annotations: {${entries}}}}`);
  const counted = (name: string): object =>
    annotate(`?"foo": optional.of(string(int(object.metadata.annotations["foo"]) + 1)), "${name}": "true"`);
  const fromParams = applied("Object{metadata: Object.metadata{annotations: params.data}}");
  const condition = (value: string): object => ({
    matchConditions: [
      { name: "test-only", expression: `object.metadata.?labels["environment"] == optional.of("${value}")` },
    ],
  });
  const labelled = (value: string): object =>
    applied(`Object{metadata: Object.metadata{labels: {"applied": "${value}"}}}`);
  const allow = { parameterNotFoundAction: "Allow" };
  interface Mutating {
    readonly policies: Readonly<Record<string, object>>;
    /** By name of the policy; null: not bound. */
    readonly bindings?: readonly (readonly [policy: string, spec: object])[];
    readonly params?: Readonly<Record<string, object>>;
    readonly metadata?: object;
    readonly becomes: object;
  }
  const one = (mutations: readonly object[], more: object = {}): Readonly<Record<string, object>> => ({
    one: { mutations, ...more },
  });
  const needed = { reinvocationPolicy: "IfNeeded" };
  const selected = (label: string): object => ({
    paramRef: { selector: { matchLabels: { [label]: "true" } }, namespace: "default", ...allow },
  });
  const mutations: Readonly<Record<string, Mutating>> = {
    basic: {
      policies: one([annotate('"my-foo-annotation": "v"')]),
      becomes: { annotations: { "my-foo-annotation": "v" } },
    },
    "multiple policies": {
      policies: { one: { mutations: [annotate('"foo1": "1"')] }, two: { mutations: [annotate('"foo2": "2"')] } },
      becomes: { annotations: { foo1: "1", foo2: "2" } },
    },
    "policy with native param": {
      policies: one([annotate('params.data["key"]: params.data["value"]')], configParams),
      bindings: [["one", { paramRef: { name: "native", ...allow } }]],
      params: { native: { data: { key: "myFooKey", value: "myFooValue" } } },
      becomes: { annotations: { myFooKey: "myFooValue" } },
    },
    "multiple params quantified by single binding": {
      policies: one([fromParams], configParams),
      bindings: [["one", selected("many")]],
      params: {
        "many-1": { labels: { many: "true" }, data: { key1: "value1" } },
        "many-2": { labels: { many: "true" }, data: { key2: "value2", key3: "value3" } },
      },
      becomes: { annotations: { key1: "value1", key2: "value2", key3: "value3" } },
    },
    "policy with variables": {
      policies: one(
        [
          annotate('"foo1": variables.foo1'),
          {
            patchType: "JSONPatch",
            jsonPatch: {
              expression: `[
                JSONPatch{op: "test", path: "/metadata/annotations", value: {"foo1": variables.foo1}},
                JSONPatch{op: "add", path: "/metadata/annotations/foo2", value: variables.foo2},
              ]`,
            },
          },
          annotate('"foo3": "foo3Value"'),
        ],
        {
          variables: [
            { name: "foo1", expression: '"foo1" + "Value"' },
            { name: "foo2", expression: 'variables.foo1.replace("1", "2")' },
          ],
        },
      ),
      becomes: { annotations: { foo1: "foo1Value", foo2: "foo2Value", foo3: "foo3Value" } },
    },
    "match condition matches": {
      policies: one([labelled("updated")], condition("test")),
      metadata: { labels: { environment: "test" } },
      becomes: { labels: { environment: "test", applied: "updated" } },
    },
    "match condition does not match": {
      policies: one([labelled("updated")], condition("test")),
      metadata: { labels: { environment: "production" } },
      becomes: { labels: { environment: "production" } },
    },
    "some policy conditions match": {
      policies: {
        one: { mutations: [labelled("wrong")], ...condition("production") },
        two: { mutations: [labelled("updated")], ...condition("test") },
      },
      metadata: { labels: { environment: "test" } },
      becomes: { labels: { environment: "test", applied: "updated" } },
    },
    "multiple policies requiring reinvocation": {
      policies: {
        "policy-1": { mutations: [counted("firstApplied")], ...needed },
        "policy-2": { mutations: [counted("secondApplied")], ...needed },
        "policy-3": { mutations: [counted("thirdApplied")] },
      },
      metadata: { annotations: { foo: "0" } },
      becomes: { annotations: { foo: "5", firstApplied: "true", secondApplied: "true", thirdApplied: "true" } },
    },
    "unbound policy is no-op": { policies: one([annotate('"foo": "fooValue"')]), bindings: [], becomes: {} },
    "failure policy ignore": {
      policies: one([applied('Object{spec: Object.spec{invalidField: "x"}}')], { failurePolicy: "Ignore" }),
      becomes: {},
    },
    "multiple bindings with different params": {
      policies: one([fromParams], configParams),
      bindings: ["param-1", "param-2"].map((name) => ["one", { paramRef: { name, namespace: "default", ...allow } }]),
      params: { "param-1": { data: { key1: "value1" } }, "param-2": { data: { key2: "value2" } } },
      becomes: { annotations: { key1: "value1", key2: "value2" } },
    },
    "multiple params causing reinvocation": {
      policies: {
        one: { mutations: [fromParams, counted("x")], ...configParams, ...needed },
        two: { mutations: [fromParams, counted("x")], ...configParams },
      },
      bindings: [
        ["one", { paramRef: { selector: { matchLabels: { again: "true" } }, ...allow } }],
        ["two", { paramRef: { name: "param-3", ...allow } }],
      ],
      params: {
        "param-1": { labels: { again: "true" }, data: { firstApplied: "true" } },
        "param-2": { labels: { again: "true" }, data: { secondApplied: "true" } },
        "param-3": { data: { thirdApplied: "true" } },
      },
      metadata: { annotations: { foo: "0" } },
      becomes: {
        annotations: { foo: "5", firstApplied: "true", secondApplied: "true", thirdApplied: "true", x: "true" },
      },
    },
  };
  const mutate = async ({ policies, bindings, params = {} }: Omit<Mutating, "becomes">, where = endpoints) => {
    for (const [name, { labels, ...more }] of Object.entries(params) as [string, { labels?: object }][]) {
      await made(`${inDefault}/configmaps`, { metadata: { name, labels }, ...more });
    }
    for (const [name, spec] of Object.entries(policies)) {
      const whole = { reinvocationPolicy: "Never", ...where, ...spec };
      await made(`${api}/mutatingadmissionpolicies`, { metadata: { name }, spec: whole });
    }
    const bound = bindings ?? Object.keys(policies).map((name) => [name, {}] as const);
    for (const [i, [policyName, spec]] of bound.entries()) {
      const body = { metadata: { name: `binding-${i}` }, spec: { policyName, ...spec } };
      await made(`${api}/mutatingadmissionpolicybindings`, body);
    }
  };
  for (const [title, all] of Object.entries(mutations)) {
    test(`mutates: ${title}`, async () => {
      await mutate(all);
      const body = { metadata: { name: "object", ...all.metadata } };
      const answer = await expect(admin, { method: "POST", path: `${inDefault}/endpoints?dryRun=All`, body }, 201);
      const { labels = {}, annotations = {} } = seen(answer).metadata;
      const { "endpoints.kubernetes.io/managed-by": _, ...own } = labels as Record<string, string>;
      assert.deepEqual({ labels: own, annotations }, { labels: {}, annotations: {}, ...all.becomes });
    });
  }

  test("mutates: status subresource", async () => {
    await made(`${core}/namespaces`, { metadata: { name: "test-namespace" } });
    const mutation = applied(`Object{status: Object.status{conditions: [Object.status.conditions{
      type: "NamespaceDeletionContentFailure", message: "mutated"}]}}`);
    const matchConstraints = { resourceRules: [ruleOf("namespaces/status")] };
    await mutate({ policies: one([mutation]) }, { matchConstraints });
    const condition = {
      type: "NamespaceDeletionContentFailure",
      status: "Unknown",
      lastTransitionTime: "2026-01-01T00:00:00Z",
    };
    const body = { metadata: { name: "test-namespace" }, status: { conditions: [condition] } };
    const path = `${core}/namespaces/test-namespace/status?dryRun=All`;
    const { spec, status: after } = seen(await expect(admin, { method: "PUT", path, body }, 200));
    assert.deepEqual(spec, { finalizers: ["kubernetes"] });
    assert.deepEqual(after, { phase: "Active", conditions: [{ ...condition, message: "mutated" }] });
  });
});
