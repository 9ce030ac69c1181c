import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect, seen } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const api = "/apis/admissionregistration.k8s.io/v1";
const widgets = (version: string): string => `/apis/example.com/${version}/namespaces/default/widgets`;

interface Request {
  readonly uid: string;
  readonly kind: object;
  readonly object: { readonly apiVersion: string };
}

describe("admission of custom resources", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;

  const made = (path: string, body: object): Promise<unknown> => expect(admin, { method: "POST", path, body }, 201);
  const widget = (version: string, name: string, n: number) => ({
    method: "POST",
    path: widgets(version),
    body: { apiVersion: `example.com/${version}`, kind: "Widget", metadata: { name }, spec: { n } },
  });
  const rule = { operations: ["CREATE"], apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["widgets"] };

  before(async () => {
    const operations = [
      { op: "remove", path: "/spec/d" },
      { op: "add", path: "/spec/unknown", value: 1 },
    ];
    const patch = Buffer.from(JSON.stringify(operations)).toString("base64");
    webhook = await startWebhook(({ body }) => {
      const { uid } = (body as { request: Request }).request;
      const response = { uid, allowed: true, patchType: "JSONPatch", patch };
      return { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response };
    });
    https = await startHttpsServer();
    admin = clientOf.h2(https.port, https.admin);
    const properties = {
      n: { type: "integer" },
      d: { type: "string", default: "default" },
      labels: { type: "object", additionalProperties: { type: "string" } },
    };
    const schema = { openAPIV3Schema: { type: "object", properties: { spec: { type: "object", properties } } } };
    const versions = ["v1", "v2"].map((name) => ({ name, served: true, storage: name === "v1", schema }));
    const names = { plural: "widgets", singular: "widget", kind: "Widget" };
    const spec = { group: "example.com", scope: "Namespaced", names, versions };
    const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    await made(definitions, { metadata: { name: "widgets.example.com" }, spec });
    await eventually(async () => assert.equal((await admin.call({ path: widgets("v2") })).status, 200));
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });

  test("policies change and check them in the version that they name, whichever is written", async () => {
    const matchConstraints = { resourceRules: [rule] };
    const expression = "Object{spec: Object.spec{labels: {'n': string(object.spec.n)}}}";
    const mutations = [{ patchType: "ApplyConfiguration", applyConfiguration: { expression } }];
    const validations = [{ expression: "object.apiVersion == 'example.com/v1' && object.spec.n < 10" }];
    await made(`${api}/mutatingadmissionpolicies`, {
      metadata: { name: "p" },
      spec: { matchConstraints, mutations, reinvocationPolicy: "Never" },
    });
    await made(`${api}/mutatingadmissionpolicybindings`, { metadata: { name: "p" }, spec: { policyName: "p" } });
    await made(`${api}/validatingadmissionpolicies`, {
      metadata: { name: "p" },
      spec: { matchConstraints, validations },
    });
    const bound = { policyName: "p", validationActions: ["Deny"] };
    await made(`${api}/validatingadmissionpolicybindings`, { metadata: { name: "p" }, spec: bound });
    for (const version of ["v1", "v2"]) {
      const answer = seen(await expect(admin, widget(version, `good-${version}`, 3), 201));
      assert.deepEqual(answer.spec, { n: 3, d: "default", labels: { n: "3" } });
      assert.equal(answer.apiVersion, `example.com/${version}`);
      await expect(admin, widget(version, `bad-${version}`, 30), 422);
    }
  });

  test("what a webhook makes of one is pruned and gets its defaults", async () => {
    const clientConfig = { url: webhook.url, caBundle: webhook.caBundle };
    const hook = { name: "a.example.com", sideEffects: "None", admissionReviewVersions: ["v1"], clientConfig };
    const webhooks = [{ ...hook, rules: [rule] }];
    await made(`${api}/mutatingwebhookconfigurations`, { metadata: { name: "w" }, webhooks });
    const { spec } = seen(await expect(admin, widget("v2", "webhook", 4), 201));
    assert.deepEqual(spec, { n: 4, labels: { n: "4" }, d: "default" });
    const { kind, object } = (webhook.calls[0]!.body as { request: Request }).request;
    assert.deepEqual(kind, { group: "example.com", version: "v1", kind: "Widget" });
    assert.equal(object.apiVersion, "example.com/v1");
  });

  test("they can be the parameters of policies", async () => {
    const resourceRules = [{ ...rule, apiGroups: [""], resources: ["configmaps"] }];
    await made(`${api}/validatingadmissionpolicies`, {
      metadata: { name: "q" },
      spec: {
        paramKind: { apiVersion: "example.com/v1", kind: "Widget" },
        matchConstraints: { resourceRules },
        validations: [{ expression: "size(object.data) < params.spec.n" }],
      },
    });
    const paramRef = { name: "good-v1", parameterNotFoundAction: "Deny" };
    const bound = { policyName: "q", validationActions: ["Deny"], paramRef };
    await made(`${api}/validatingadmissionpolicybindings`, { metadata: { name: "q" }, spec: bound });
    const map = (name: string, data: object) => ({
      method: "POST",
      path: configMaps,
      body: { metadata: { name }, data },
    });
    await expect(admin, map("two", { a: "1", b: "2" }), 201);
    await expect(admin, map("three", { a: "1", b: "2", c: "3" }), 422);
  });
});
