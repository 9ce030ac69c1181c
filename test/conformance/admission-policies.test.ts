import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { configMaps, expect, failure, seen } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const api = "/apis/admissionregistration.k8s.io/v1";
const details = (name: string, message: string): object => ({ name, kind: "configmaps", causes: [{ message }] });

describe("admission policies", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;

  before(async () => {
    https = await startHttpsServer();
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin?.close();
    await https?.close();
  });
  afterEach(async () => {
    for (const kind of ["validating", "mutating"]) {
      await expect(admin, { method: "DELETE", path: `${api}/${kind}admissionpolicybindings` }, 200);
      await expect(admin, { method: "DELETE", path: `${api}/${kind}admissionpolicies` }, 200);
    }
  });

  const rule = { operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] };
  const made = (path: string, body: object): Promise<unknown> => expect(admin, { method: "POST", path, body }, 201);
  const matchConstraints = { resourceRules: [rule] };
  const policy = (name: string, spec: object): Promise<unknown> =>
    made(`${api}/validatingadmissionpolicies`, { metadata: { name }, spec: { matchConstraints, ...spec } });
  const bind = (name: string, spec: object = {}): Promise<unknown> =>
    made(`${api}/validatingadmissionpolicybindings`, {
      metadata: { name: `${name}-binding` },
      spec: { policyName: name, validationActions: ["Deny"], ...spec },
    });
  const mutating = async (name: string, spec: object, binding: object = {}): Promise<void> => {
    const resourceRules = [{ ...rule, operations: ["CREATE", "UPDATE"] }];
    const whole = { matchConstraints: { resourceRules }, reinvocationPolicy: "Never", ...spec };
    await made(`${api}/mutatingadmissionpolicies`, { metadata: { name }, spec: whole });
    const bound = { policyName: name, ...binding };
    await made(`${api}/mutatingadmissionpolicybindings`, { metadata: { name: `${name}-binding` }, spec: bound });
  };
  const apply = (expression: string): object => ({
    mutations: [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }],
  });
  const patch = (expression: string): object => ({
    mutations: [{ patchType: "JSONPatch", jsonPatch: { expression } }],
  });
  const post = (name: string, more: object = {}, query = "") => ({
    method: "POST",
    path: configMaps + query,
    body: { metadata: { name }, ...more },
  });

  test("a failed validation denies in exactly upstream's words, with its own reason", async () => {
    await policy("small", {
      validations: [{ expression: "!has(object.data) || size(object.data) < 2" }],
    });
    await bind("small");
    await expect(admin, post("fits", { data: { a: "1" } }), 201);
    const why =
      "ValidatingAdmissionPolicy 'small' with binding 'small-binding' denied request: failed expression: !has(object.data) || size(object.data) < 2";
    const message = `configmaps "big" is forbidden: ${why}`;
    await expect(
      admin,
      post("big", { data: { a: "1", b: "2" } }),
      422,
      failure(422, "Invalid", message, details("big", why)),
    );
  });

  test("a message is made, or said, and a reason chosen", async () => {
    await policy("words", {
      variables: [{ name: "who", expression: "request.userInfo.username" }],
      validations: [
        { expression: "object.metadata.name != 'made'", messageExpression: "'not by ' + variables.who", message: "no" },
        { expression: "object.metadata.name != 'said'", message: "because", reason: "Forbidden" },
      ],
    });
    await bind("words");
    const by = "ValidatingAdmissionPolicy 'words' with binding 'words-binding' denied request: ";
    const says = async (name: string, code: number, reason: string, why: string): Promise<void> => {
      const message = `configmaps "${name}" is forbidden: ${by}${why}`;
      await expect(admin, post(name), code, failure(code, reason, message, details(name, by + why)));
    };
    await says("made", 422, "Invalid", "not by admin");
    await says("said", 403, "Forbidden", "because");
  });

  test("a validation that cannot be told denies, or is passed over, as the failure policy says", async () => {
    const validations = [{ expression: "object.spec.none == 1" }];
    await policy("fails", { validations });
    await bind("fails");
    const { json } = await expect(admin, post("failed"), 422);
    assert.equal(
      (json as { message: string }).message,
      `configmaps "failed" is forbidden: ValidatingAdmissionPolicy 'fails' with binding 'fails-binding' denied request: expression 'object.spec.none == 1' resulted in error: no such key: spec`,
    );
    await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicies/fails` }, 200);
    await policy("fails", { validations, failurePolicy: "Ignore" });
    await expect(admin, post("passed-over"), 201);
  });

  test("warnings and audit annotations let the write go on", async () => {
    await policy("soft", {
      validations: [{ expression: "object.metadata.name != 'soft'", message: "too soft" }],
      auditAnnotations: [{ key: "name", valueExpression: "'it is ' + object.metadata.name" }],
    });
    await bind("soft", { validationActions: ["Warn", "Audit"] });
    const { headers } = await expect(admin, post("soft"), 201);
    assert.equal(
      headers["warning"],
      `299 - "Validation failed for ValidatingAdmissionPolicy 'soft' with binding 'soft-binding': too soft"`,
    );
  });

  test("what a policy sees: both objects, the request, the namespace, who may", async () => {
    const holds = async (expression: string, call: Parameters<HttpClient["call"]>[0], code: number): Promise<void> => {
      await policy("sees", { validations: [{ expression }] });
      await bind("sees");
      await expect(admin, call, code);
      await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicybindings/sees-binding` }, 200);
      await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicies/sees` }, 200);
    };
    await holds("request.operation == 'CREATE' && oldObject == null && !request.dryRun", post("seen"), 201);
    await holds("namespaceObject.metadata.name == 'default'", post("seen-2"), 201);
    await holds(
      "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == request.namespace",
      post("seen-3"),
      201,
    );
    await holds(
      "authorizer.group('').resource('secrets').namespace('default').check('get').allowed()",
      post("seen-4"),
      201,
    );
    await holds(
      "authorizer.serviceAccount('default', 'a').group('').resource('pods').check('get').allowed()",
      post("seen-5"),
      422,
    );
    await holds("authorizer.requestResource.check('create').allowed()", post("seen-6"), 201);
    const remove = { method: "DELETE", path: `${configMaps}/seen` };
    await holds("request.operation != 'DELETE' || (object == null && oldObject.metadata.name != 'seen')", remove, 422);
    await holds("object == null && oldObject.metadata.name == 'seen'", remove, 200);
  });

  test("parameters are named or selected, and their absence is allowed or denied", async () => {
    const params = (name: string, max: string, labels: object = {}): Promise<unknown> =>
      made("/api/v1/namespaces/kube-public/configmaps", { metadata: { name, labels }, data: { max } });
    await params("limits", "1");
    await policy("limited", {
      paramKind: { apiVersion: "v1", kind: "ConfigMap" },
      matchConditions: [{ name: "params", expression: "request.namespace == 'default'" }],
      validations: [
        { expression: "size(object.data) <= int(params.data.max)", messageExpression: "'at most ' + params.data.max" },
      ],
    });
    const named = { namespace: "kube-public", parameterNotFoundAction: "Deny" };
    await bind("limited", { paramRef: { ...named, name: "limits" } });
    await expect(admin, post("within", { data: { a: "1" } }), 201);
    const { text } = await expect(admin, post("beyond", { data: { a: "1", b: "2" } }), 422);
    assert.match(text, /denied request: at most 1"/);
    // A change of the parameter counts at once.
    const headers = { "content-type": "application/merge-patch+json" };
    const path = "/api/v1/namespaces/kube-public/configmaps/limits";
    await expect(admin, { method: "PATCH", path, headers, body: '{"data":{"max":"2"}}' }, 200);
    await expect(admin, post("beyond", { data: { a: "1", b: "2" } }), 201);
    await expect(admin, { method: "DELETE", path }, 200);
    const missing = await expect(admin, post("missing", { data: {} }), 422);
    const why =
      "ValidatingAdmissionPolicy 'limited' with binding 'limited-binding' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction";
    assert.equal((missing.json as { message: string }).message, `configmaps "missing" is forbidden: ${why}`);
    await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicybindings/limited-binding` }, 200);
    await bind("limited", { paramRef: { ...named, selector: {}, parameterNotFoundAction: "Allow" } });
    await params("zero", "0");
    await params("nine", "9");
    await expect(admin, post("selected", { data: { a: "1" } }), 422);
  });

  test("a binding narrows what its policy is about", async () => {
    await policy("narrow", { validations: [{ expression: "false" }] });
    await bind("narrow", { matchResources: { objectSelector: { matchLabels: { held: "yes" } } } });
    await expect(admin, post("free"), 201);
    await expect(admin, { ...post("held"), body: { metadata: { name: "held", labels: { held: "yes" } } } }, 422);
    await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicybindings/narrow-binding` }, 200);
    await bind("narrow", { matchResources: { resourceRules: [{ ...rule, resourceNames: ["named"] }] } });
    await expect(admin, post("unnamed"), 201);
    await expect(admin, post("named"), 422);
    await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicybindings/narrow-binding` }, 200);
    const elsewhere = { matchLabels: { "kubernetes.io/metadata.name": "kube-system" } };
    await bind("narrow", { matchResources: { namespaceSelector: elsewhere } });
    await expect(admin, post("named"), 201);
  });

  test("expressions cost no more than they may", async () => {
    const huge = "[1,2,3,4,5,6,7,8,9,10]";
    const nested = `${huge}.all(a, ${huge}.all(b, ${huge}.all(c, ${huge}.all(d, ${huge}.all(e, ${huge}.all(f, a+b+c+d+e+f > 0))))))`;
    await policy("dear", { validations: [{ expression: nested }] });
    await bind("dear");
    const start = Date.now();
    const { text } = await expect(admin, post("dear"), 422);
    assert.match(text, /resulted in error: operation cancelled: actual cost limit exceeded/);
    assert.ok(Date.now() - start < 5_000);
  });

  test("an apply configuration is merged into the object", async () => {
    await mutating("label", apply("Object{metadata: Object.metadata{labels: {'by': request.userInfo.username}}}"));
    const answer = await expect(
      admin,
      { ...post("labelled"), body: { metadata: { name: "labelled", labels: { a: "b" } } } },
      201,
    );
    assert.deepEqual(seen(answer).metadata.labels, { a: "b", by: "admin" });
  });

  test("a JSON patch is applied; one whose test fails is not, and that is no failure", async () => {
    await mutating(
      "patch",
      patch(
        "[JSONPatch{op: 'test', path: '/metadata/name', value: 'patched'}, JSONPatch{op: 'add', path: '/data', value: {'k': 'v'}}]",
      ),
    );
    assert.deepEqual(seen(await expect(admin, post("patched"), 201)).data, { k: "v" });
    assert.equal(seen(await expect(admin, post("unpatched"), 201)).data, undefined);
  });

  test("what a mutation cannot do is told in upstream's words", async () => {
    const says = async (spec: object, expected: RegExp): Promise<void> => {
      await mutating("wrong", spec);
      // The code stays that of a refusal.
      const { json } = await expect(admin, post("wrong"), 403);
      assert.match((json as { message: string }).message, expected);
      await expect(admin, { method: "DELETE", path: `${api}/mutatingadmissionpolicybindings/wrong-binding` }, 200);
      await expect(admin, { method: "DELETE", path: `${api}/mutatingadmissionpolicies/wrong` }, 200);
    };
    const by = "policy 'wrong' with binding 'wrong-binding' denied request: ";
    await says(
      apply("Object{metadata: Object.wrong{labels: {'a': 'b'}}}"),
      new RegExp(
        `^${by}type mismatch: unexpected type name "Object.wrong", expected "Object.metadata", which matches field name path from root Object type$`,
      ),
    );
    await says(
      apply("Object{unknown: 'x'}"),
      new RegExp(
        `^${by}error applying patch: failed to convert patch object to typed object: .unknown: field not declared in schema$`,
      ),
    );
    await says(
      patch("[JSONPatch{op: 'remove', path: '/data/none'}]"),
      new RegExp(
        `^${by}JSON Patch: remove operation does not apply: doc is missing path: "/data/none": missing value$`,
      ),
    );
    await says(
      apply("Object{metadata: Object.metadata{name: object.none.name}}"),
      new RegExp(`${by}expression '.*' resulted in error: no such key: none`),
    );
  });

  test("a JSON patch that leaves no object of the kind is an error of the server, whatever the failure policy", async () => {
    const said = [
      [
        "path: '/data', value: {'a': 1}",
        "json: cannot unmarshal number into Go struct field ConfigMap.data of type string",
      ],
      ["path: '/unknown', value: 'x'", 'strict decoding error: unknown field "unknown"'],
    ];
    for (const [operation, message] of said) {
      await mutating("wrong", { ...patch(`[JSONPatch{op: 'add', ${operation}}]`), failurePolicy: "Ignore" });
      const { json } = await expect(admin, post("wrong"), 500);
      assert.equal((json as { message: string }).message, `Internal error occurred: ${message}`);
      await expect(admin, { method: "DELETE", path: `${api}/mutatingadmissionpolicybindings/wrong-binding` }, 200);
      await expect(admin, { method: "DELETE", path: `${api}/mutatingadmissionpolicies/wrong` }, 200);
    }
  });

  test("mutations come before validation, and policies that ask for it run again after others' changes", async () => {
    const count = (key: string): string =>
      `Object{data: {'${key}': has(object.data) && '${key}' in object.data ? object.data['${key}'] + 'x' : 'x'}}`;
    await mutating("a-first", { ...apply(count("first")), reinvocationPolicy: "IfNeeded" });
    await mutating("b-second", apply(count("second")));
    await policy("whole", { validations: [{ expression: "object.data.second == 'x'" }] });
    await bind("whole");
    const answer = await expect(admin, post("twice"), 201);
    assert.deepEqual(seen(answer).data, { first: "xx", second: "x" });
  });

  test("neither policies nor reviews are policies' affair", async () => {
    const everything = { operations: ["*"], apiGroups: ["*"], apiVersions: ["*"], resources: ["*"] };
    await policy("all", { matchConstraints: { resourceRules: [everything] }, validations: [{ expression: "false" }] });
    await bind("all");
    await expect(admin, post("nothing"), 422);
    const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    await expect(
      admin,
      { method: "POST", path: "/apis/authentication.k8s.io/v1/selfsubjectreviews", body: review },
      201,
    );
    await expect(admin, { method: "DELETE", path: `${api}/validatingadmissionpolicybindings/all-binding` }, 200);
    await expect(admin, post("something"), 201);
  });

  test("who may not read parameters may not have a policy read them", async () => {
    const bob = clientOf.h2(https.port, https.issue({ commonName: "bob" }));
    const role = { rules: [{ apiGroups: ["admissionregistration.k8s.io"], resources: ["*"], verbs: ["create"] }] };
    const rbac = "/apis/rbac.authorization.k8s.io/v1";
    await made(`${rbac}/clusterroles`, { metadata: { name: "policies" }, ...role });
    const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "policies" };
    const subjects = [{ kind: "User", name: "bob", apiGroup: "rbac.authorization.k8s.io" }];
    await made(`${rbac}/clusterrolebindings`, { metadata: { name: "policies" }, roleRef, subjects });
    const paramKind = { apiVersion: "v1", kind: "Secret" };
    const spec = { matchConstraints, paramKind, validations: [{ expression: "true" }] };
    const path = `${api}/validatingadmissionpolicies`;
    const own = { method: "POST", path, body: { metadata: { name: "spy" }, spec } };
    const refused = await expect(bob, own, 422);
    assert.match(
      (refused.json as { message: string }).message,
      /^ValidatingAdmissionPolicy\.admissionregistration\.k8s\.io "spy" is invalid: spec\.paramKind: Forbidden: user &\{bob {2}\[system:authenticated\] map\[.*\]\} must have "get" permission on all objects of the referenced paramKind \(kind=Secret, apiVersion=v1\)$/,
    );
    await policy("spy", { paramKind, validations: [{ expression: "true" }] });
    const paramRef = { name: "s", namespace: "default", parameterNotFoundAction: "Allow" };
    const body = { metadata: { name: "b" }, spec: { policyName: "spy", validationActions: ["Deny"], paramRef } };
    const binding = { method: "POST", path: `${api}/validatingadmissionpolicybindings`, body };
    assert.match(
      (await expect(bob, binding, 422)).text,
      /spec\.paramRef: Forbidden: user .* does not have \\"get\\" permission on the object referenced by paramRef/,
    );
    await expect(admin, binding, 201);
    bob.close();
  });

  test("checks are counted under upstream's names", async () => {
    const { text } = await expect(admin, { path: "/metrics" }, 200);
    assert.match(
      text,
      /apiserver_validating_admission_policy_check_total\{enforcement_action="deny",error_type="[a-z_]+",policy="small",policy_binding="small-binding"\} 1/,
    );
    assert.match(
      text,
      /apiserver_mutating_admission_policy_check_total\{error_type="no_error",policy="label",policy_binding="label-binding"\} 1/,
    );
    assert.match(
      text,
      /apiserver_admission_match_condition_evaluation_seconds_count\{kind="policy",name="[a-z]+",operation="CREATE",type="validate"\} \d+/,
    );
  });
});
