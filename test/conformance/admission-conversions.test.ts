import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { expect } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const api = "/apis/admissionregistration.k8s.io/v1";
const widgets = "/apis/example.com/v1/namespaces/default/widgets";
const patch = "[JSONPatch{op: 'test', path: '/kind', value: 'Widget'}]";
const why = "conversion webhook for example.com/v1, Kind=Widget failed: not today";

const told = (answer: { readonly json: unknown }) =>
  answer.json as { readonly message: string; readonly reason: string };

/** Versions of a custom resource that only its own webhook can convert, which says no. */
describe("admission in a version that cannot be converted to", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;
  const asked: string[] = [];
  let number = 0;

  const made = (path: string, body: object): Promise<unknown> => expect(admin, { method: "POST", path, body }, 201);
  const rules = [
    { operations: ["*"], apiGroups: ["example.com"], apiVersions: ["v2"], resources: ["widgets", "widgets/status"] },
  ];
  const create = (name: string) => ({
    method: "POST",
    path: widgets,
    body: { apiVersion: "example.com/v1", kind: "Widget", metadata: { name } },
  });
  const hook = () => ({
    name: "a.example.com",
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    clientConfig: { url: `${webhook.url}/admit`, caBundle: webhook.caBundle },
    failurePolicy: "Ignore",
    rules,
  });

  /** A policy or a configuration of webhooks that is gone again after `run`. */
  const during = async (resources: Readonly<Record<string, object>>, run: () => Promise<void>): Promise<void> => {
    const name = `a${number++}`;
    for (const [resource, body] of Object.entries(resources)) {
      await made(`${api}/${resource}`, { metadata: { name }, ...body });
    }
    await run().finally(async () => {
      for (const resource of Object.keys(resources)) {
        await expect(admin, { method: "DELETE", path: `${api}/${resource}/${name}` }, 200);
      }
    });
  };
  const validating = (failurePolicy: string) => ({
    validatingadmissionpolicies: {
      spec: { failurePolicy, matchConstraints: { resourceRules: rules }, validations: [{ expression: "true" }] },
    },
    validatingadmissionpolicybindings: { spec: { policyName: `a${number}`, validationActions: ["Deny"] } },
  });
  const mutating = (failurePolicy: string) => ({
    mutatingadmissionpolicies: {
      spec: {
        failurePolicy,
        matchConstraints: { resourceRules: rules },
        mutations: [{ patchType: "JSONPatch", jsonPatch: { expression: patch } }],
        reinvocationPolicy: "Never",
      },
    },
    mutatingadmissionpolicybindings: { spec: { policyName: `a${number}` } },
  });

  before(async () => {
    webhook = await startWebhook(({ body, path }) => {
      const { uid } = (body as { request: { uid: string } }).request;
      asked.push(path);
      if (path === "/admit") {
        const response = { uid, allowed: false };
        return { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response };
      }
      const result = { status: "Failure", message: "not today" };
      return { kind: "ConversionReview", apiVersion: "apiextensions.k8s.io/v1", response: { uid, result } };
    });
    https = await startHttpsServer();
    admin = clientOf.h2(https.port, https.admin);
    const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
    const versions = [
      { name: "v1", served: true, storage: true, schema, subresources: { status: {} } },
      { name: "v2", served: true, storage: false, schema },
    ];
    const names = { plural: "widgets", singular: "widget", kind: "Widget" };
    const clientConfig = { url: `${webhook.url}/convert`, caBundle: webhook.caBundle };
    const conversion = { strategy: "Webhook", webhook: { conversionReviewVersions: ["v1"], clientConfig } };
    const spec = { group: "example.com", scope: "Namespaced", names, versions, conversion };
    await made("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
      metadata: { name: "widgets.example.com" },
      spec,
    });
    await eventually(async () => assert.equal((await admin.call({ path: widgets })).status, 200));
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });
  beforeEach(() => void asked.splice(0));

  test("is a validating policy's failure", async () => {
    await during(validating("Fail"), async () => {
      const { message, reason } = told(await expect(admin, create("a"), 422));
      const policy = `a${number - 1}`;
      const by = `ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request`;
      const what = `failed to configure binding: failed to convert object version: ${why}`;
      assert.deepEqual([message, reason], [`widgets.example.com "a" is forbidden: ${by}: ${what}`, "Invalid"]);
    });
    await during(validating("Ignore"), async () => void (await expect(admin, create("a"), 201)));
  });

  test("is a mutating policy's failure", async () => {
    await during(mutating("Fail"), async () => {
      const { message } = told(await expect(admin, create("b"), 403));
      assert.equal(message, `policy "a${number - 1}" denied request: failed to configure policy: ${why}`);
    });
    await during(mutating("Ignore"), async () => void (await expect(admin, create("b"), 201)));
  });

  test("is an error of the server's where a webhook was to be asked, whatever the webhook's own policy", async () => {
    await during({ validatingwebhookconfigurations: { webhooks: [hook()] } }, async () => {
      const { message } = told(await expect(admin, create("c"), 500));
      assert.equal(message, `Internal error occurred: ${why}`);
    });
    await during({ mutatingwebhookconfigurations: { webhooks: [hook()] } }, async () => {
      const { message } = told(await expect(admin, create("c"), 500));
      assert.equal(message, `Internal error occurred: Internal error occurred: ${why}`);
    });
    const matchConditions = [{ name: "a", expression: "object.metadata.name == 'c'" }];
    await during({ validatingwebhookconfigurations: { webhooks: [{ ...hook(), matchConditions }] } }, async () => {
      const { message } = told(await expect(admin, create("c"), 500));
      assert.equal(message, `Internal error occurred: ${why}`);
    });
    assert.ok(!asked.includes("/admit"));
  });

  test("does not happen for a subresource that the other version is without", async () => {
    await expect(admin, create("d"), 201);
    const status = {
      method: "PATCH",
      path: `${widgets}/d/status`,
      headers: { "content-type": "application/merge-patch+json" },
      body: { status: { n: 1 } },
    };
    await during({ validatingwebhookconfigurations: { webhooks: [hook()] } }, async () => {
      await expect(admin, status, 200);
    });
    await during(validating("Fail"), async () => void (await expect(admin, status, 200)));
    assert.deepEqual(asked, []);
  });
});
