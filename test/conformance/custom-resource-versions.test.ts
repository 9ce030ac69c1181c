import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { expect, failure, nextEvent, onBothProtocols, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// Answers of apiextensions-apiserver: pkg/apiserver/conversion and pkg/apiserver/schema/cel.

const open = { properties: { spec: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } };
const withDefault = {
  properties: {
    spec: { type: "object", properties: { size: { type: "integer", default: 7 }, name: { type: "string" } } },
  },
};
const v1 = "/apis/example.com/v1/namespaces/default/widgets";
const v2 = "/apis/example.com/v2/namespaces/default/widgets";
const widget = (version: string, name: string, spec: object): object => ({
  apiVersion: `example.com/${version}`,
  kind: "Widget",
  metadata: { name },
  spec,
});

onBothProtocols("versions of custom resources", (subject) => {
  test("without a webhook an object is the same in every version, but for each version's schema", async () => {
    const { admin } = subject();
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: open },
        { name: "v2", schema: withDefault, deprecated: true },
      ]),
    );
    await expect(admin, { method: "POST", path: v1, body: widget("v1", "a", { name: "x", other: 1 }) }, 201);
    const answer = await expect(admin, { path: `${v2}/a` }, 200);
    const shown = seen(answer);
    // Of defaults there are those of the version that is stored, of fields those of the version that is shown.
    assert.deepEqual([shown.apiVersion, shown.spec], ["example.com/v2", { name: "x" }]);
    assert.equal(answer.headers["warning"], '299 - "example.com/v2 Widget is deprecated"');
    const watch = await admin.watch(`${v2}?watch=1`);
    assert.equal((await nextEvent(watch)).object.apiVersion, "example.com/v2");
    await expect(admin, { method: "POST", path: v2, body: widget("v2", "b", { size: 1 }) }, 201);
    assert.deepEqual((await nextEvent(watch)).object.spec, { size: 1 });
    assert.deepEqual(
      seen(await expect(admin, { path: v1 }, 200)).items?.map(({ apiVersion, spec }) => [apiVersion, spec]),
      [
        ["example.com/v1", { name: "x", other: 1 }],
        ["example.com/v1", { size: 1 }],
      ],
    );
    await expect(
      admin,
      { method: "POST", path: v2, body: widget("v1", "c", {}) },
      400,
      failure(
        400,
        "BadRequest",
        "the API version in the data (example.com/v1) does not match the expected API version (example.com/v2)",
      ),
    );
    await withdraw(admin, "widgets.example.com");
  });

  test("each version has its own fields, and what is written keeps those of the version that is stored", async () => {
    const { admin } = subject();
    const own = (field: string, value: boolean) => ({
      properties: {
        spec: {
          type: "object",
          properties: { [field]: { type: "string" }, of: { type: "object", properties: defaults(field, value) } },
        },
      },
    });
    const defaults = (field: string, value: boolean) => ({
      [field]: { type: "boolean", default: value },
      v1: { type: "boolean", ...(field === "v1" && { default: value }) },
      v2: { type: "boolean", ...(field === "v2" && { default: value }) },
    });
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: own("v1", true) },
        { name: "v2", schema: own("v2", true) },
      ]),
    );
    const made = seen(
      await expect(admin, { method: "POST", path: v2, body: widget("v2", "a", { v2: "x", of: {} }) }, 201),
    );
    assert.deepEqual(made.spec, { of: { v1: true, v2: true } });
    assert.deepEqual(seen(await expect(admin, { path: `${v1}/a` }, 200)).spec, { of: { v1: true, v2: true } });
    await expect(admin, { method: "POST", path: v1, body: widget("v1", "b", { v1: "x", of: {} }) }, 201);
    assert.deepEqual(seen(await expect(admin, { path: `${v2}/b` }, 200)).spec, { of: { v1: true } });
    assert.deepEqual(seen(await expect(admin, { path: `${v1}/b` }, 200)).spec, { v1: "x", of: { v1: true } });
    await withdraw(admin, "widgets.example.com");
  });

  test("a new storage version leaves what is stored where it is, and shows it", async () => {
    const { admin } = subject();
    await establish(
      admin,
      definitionOf("Widget", [
        { name: "v1", schema: open },
        { name: "v2", schema: open },
      ]),
    );
    await expect(admin, { method: "POST", path: v1, body: widget("v1", "a", { n: 1 }) }, 201);
    const swap = [
      { op: "replace", path: "/spec/versions/0/storage", value: false },
      { op: "replace", path: "/spec/versions/1/storage", value: true },
    ];
    const path = `${definitionsPath}/widgets.example.com`;
    const headers = { "content-type": "application/json-patch+json" };
    const changed = seen(await expect(admin, { method: "PATCH", path, headers, body: swap }, 200));
    assert.deepEqual(changed.status?.["storedVersions"], ["v1", "v2"]);
    assert.deepEqual(seen(await expect(admin, { path: `${v2}/a` }, 200)).spec, { n: 1 });
    assert.deepEqual(seen(await expect(admin, { path: `${v1}/a` }, 200)).apiVersion, "example.com/v1");
    await withdraw(admin, "widgets.example.com");
  });

  test("rules are asked of objects and of changes, and answer in upstream's words", async () => {
    const { admin } = subject();
    const rules = {
      required: ["spec"],
      properties: {
        spec: {
          type: "object",
          "x-kubernetes-validations": [
            { rule: "self.low <= self.high", message: "low must not be above high", fieldPath: ".low" },
            { rule: "self.low > 0", messageExpression: "'low of ' + self.fixed", reason: "FieldValueForbidden" },
          ],
          properties: {
            low: { type: "integer" },
            high: { type: "integer" },
            fixed: { type: "string", maxLength: 9, "x-kubernetes-validations": [{ rule: "self == oldSelf" }] },
          },
        },
      },
    };
    await establish(admin, definitionOf("Widget", [{ name: "v1", schema: rules }]));
    const refused = await expect(
      admin,
      { method: "POST", path: v1, body: widget("v1", "a", { low: 0, high: -1, fixed: "x" }) },
      422,
    );
    assert.deepEqual(refused.json, {
      ...failure(
        422,
        "Invalid",
        'Widget.example.com "a" is invalid: [spec.low: Invalid value: low must not be above high, spec: Forbidden: low of x]',
      ),
      details: {
        name: "a",
        group: "example.com",
        kind: "Widget",
        causes: [
          { reason: "FieldValueInvalid", message: "Invalid value: low must not be above high", field: "spec.low" },
          { reason: "FieldValueForbidden", message: "Forbidden: low of x", field: "spec" },
        ],
      },
    });
    await expect(admin, { method: "POST", path: v1, body: widget("v1", "a", { low: 1, high: 2, fixed: "x" }) }, 201);
    const change = {
      method: "PATCH",
      path: `${v1}/a`,
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { fixed: "y" } },
    };
    const kept = await expect(admin, change, 422);
    assert.match(kept.text, /spec\.fixed: Invalid value: \\"y\\": failed rule: self == oldSelf/);
    await withdraw(admin, "widgets.example.com");
  });
});

describe("conversion by webhook", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;
  let spoil: (object: Record<string, unknown>) => object = (object) => object;

  before(async () => {
    const convert = ({ body }: { readonly body: unknown }): object => {
      const { request } = body as {
        request: { uid: string; desiredAPIVersion: string; objects: readonly Record<string, unknown>[] };
      };
      const convertedObjects = request.objects.map((object) => {
        const { name: oldName, title, ...spec } = object["spec"] as Record<string, unknown>;
        const renamed = request.desiredAPIVersion.endsWith("v2")
          ? { title: oldName ?? title }
          : { name: title ?? oldName };
        return spoil({ ...object, apiVersion: request.desiredAPIVersion, spec: { ...spec, ...renamed } });
      });
      return {
        kind: "ConversionReview",
        apiVersion: "apiextensions.k8s.io/v1",
        response: { uid: request.uid, result: { status: "Success" }, convertedObjects },
      };
    };
    [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(convert)]);
    admin = clientOf.h2(https.port, https.admin);
    const conversion = {
      strategy: "Webhook",
      webhook: {
        conversionReviewVersions: ["v1"],
        clientConfig: { url: `${webhook.url}/convert`, caBundle: webhook.caBundle },
      },
    };
    const versions = [
      { name: "v1", schema: open },
      { name: "v2", schema: open },
    ];
    await establish(admin, definitionOf("Widget", versions, { conversion }));
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });

  test("objects are read, listed, watched and written in any version", async () => {
    await expect(admin, { method: "POST", path: v1, body: widget("v1", "a", { name: "x" }) }, 201);
    const shown = seen(await expect(admin, { path: `${v2}/a` }, 200));
    assert.deepEqual([shown.apiVersion, shown.spec], ["example.com/v2", { title: "x" }]);
    const watch = await admin.watch(`${v2}?watch=1`);
    assert.deepEqual((await nextEvent(watch)).object.spec, { title: "x" });
    const made = seen(await expect(admin, { method: "POST", path: v2, body: widget("v2", "b", { title: "y" }) }, 201));
    assert.deepEqual(made.spec, { title: "y" });
    assert.deepEqual((await nextEvent(watch)).object.spec, { title: "y" });
    assert.deepEqual(seen(await expect(admin, { path: `${v1}/b` }, 200)).spec, { name: "y" });
    const list = seen(await expect(admin, { path: v2 }, 200));
    assert.deepEqual(
      list.items?.map(({ spec }) => spec),
      [{ title: "x" }, { title: "y" }],
    );
    const patch = {
      method: "PATCH",
      path: `${v2}/a`,
      headers: { "content-type": "application/merge-patch+json" },
      body: { spec: { title: "z" } },
    };
    assert.deepEqual(seen(await expect(admin, patch, 200)).spec, { title: "z" });
    assert.deepEqual(seen(await expect(admin, { path: `${v1}/a` }, 200)).spec, { name: "z" });
  });

  test("a webhook that makes another object of it is told so", async () => {
    const made = async (name: string): Promise<void> => {
      await expect(admin, { method: "POST", path: v1, body: widget("v1", name, { name: "x" }) }, 201);
    };
    const spoiled = async (how: typeof spoil, run: () => Promise<void>): Promise<void> => {
      spoil = how;
      await run().finally(() => {
        spoil = (object) => object;
      });
    };
    const metadataOf = (object: Record<string, unknown>): object => object["metadata"] as object;
    const renaming = (object: Record<string, unknown>): object => ({
      ...object,
      metadata: { ...metadataOf(object), name: "other" },
    });
    await spoiled(renaming, async () => {
      await made("c");
      const answer = await expect(admin, { path: `${v2}/c` }, 500);
      assert.match(
        seen(answer).message ?? "",
        /conversion webhook for example\.com\/v1, Kind=Widget returned invalid object: must have the same name: c != other$/,
      );
    });
    // Other metadata than labels and annotations stays as it was, whatever the webhook says.
    const relabelling = (object: Record<string, unknown>): object => ({
      ...object,
      metadata: { ...metadataOf(object), labels: { a: "b" }, finalizers: ["example.com/x"] },
    });
    await spoiled(relabelling, async () => {
      await made("d");
      const { metadata } = seen(await expect(admin, { path: `${v2}/d` }, 200));
      assert.deepEqual([metadata.labels, metadata.finalizers], [{ a: "b" }, undefined]);
    });
  });
});
