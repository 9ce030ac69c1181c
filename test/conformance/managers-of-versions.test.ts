import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { expect, type Seen, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import { type Answer, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// Where managers of several versions meet: apimachinery/pkg/util/managedfields/internal/versionconverter.go, with the converters
// of apiextensions-apiserver/pkg/apiserver/conversion.

interface Own {
  readonly manager: string;
  readonly apiVersion: string;
  readonly fieldsV1: object;
}

/** `manager version`, and what is owned of the spec; by name: who applied what was there already has no time. */
const owners = (object: Seen): readonly (readonly [string, unknown])[] =>
  ((object.metadata.managedFields ?? []) as unknown as readonly Own[])
    .map(({ manager, apiVersion, fieldsV1 }): readonly [string, unknown] => [
      `${manager} ${apiVersion.replace(/^.*\//, "")}`,
      Object.keys((fieldsV1 as Record<string, object>)["f:spec"] ?? {}).map((field) => field.slice(2)),
    ])
    .toSorted(([a], [b]) => (a < b ? -1 : 1));

const properties = (...names: readonly string[]): object =>
  Object.fromEntries(names.map((name) => [name, { type: name === "n" ? "integer" : "string" }]));
const schemaOf = (...names: readonly string[]): object => ({
  properties: { spec: { type: "object", properties: properties(...names) } },
});
const path = (version: string, name = ""): string =>
  `/apis/example.com/${version}/namespaces/default/widgets${name === "" ? "" : `/${name}`}`;
const widget = (version: string, name: string, spec: object): object => ({
  apiVersion: `example.com/${version}`,
  kind: "Widget",
  metadata: { name },
  spec,
});

describe("managers of several versions", { timeout: 300_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;
  let failing = false;

  before(async () => {
    const convert = ({ body }: { readonly body: unknown }): object => {
      const { request } = body as {
        request: { uid: string; desiredAPIVersion: string; objects: readonly Record<string, unknown>[] };
      };
      const convertedObjects = request.objects.map((object) => {
        const { name, title, ...spec } = (object["spec"] ?? {}) as Record<string, unknown>;
        const said = name ?? title;
        const renamed = request.desiredAPIVersion.endsWith("v2") ? { title: said } : { name: said };
        return {
          ...object,
          apiVersion: request.desiredAPIVersion,
          spec: { ...spec, ...(said === undefined ? {} : renamed) },
        };
      });
      const result = failing ? { status: "Failure", message: "out of order" } : { status: "Success" };
      return {
        kind: "ConversionReview",
        apiVersion: "apiextensions.k8s.io/v1",
        response: { uid: request.uid, result, convertedObjects },
      };
    };
    [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(convert)]);
    admin = clientOf.h2(https.port, https.admin);
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });

  const apply = (place: string, body: object, manager: string, code = 200, force = false): Promise<Answer> =>
    expect(
      admin,
      {
        method: "PATCH",
        path: `${place}?fieldManager=${manager}${force ? "&force=true" : ""}`,
        headers: { "content-type": "application/apply-patch+yaml" },
        body: JSON.stringify(body),
      },
      code,
    );
  const merge = (place: string, body: object, manager: string): Promise<Answer> =>
    expect(
      admin,
      {
        method: "PATCH",
        path: `${place}?fieldManager=${manager}`,
        headers: { "content-type": "application/merge-patch+json" },
        body,
      },
      200,
    );

  test("of a built-in resource know each other's fields", async () => {
    const [v1, v2] = ["v1", "v2"].map((v) => `/apis/autoscaling/${v}/namespaces/default/horizontalpodautoscalers/a`);
    const utilization = (averageUtilization: number) => ({
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization } },
    });
    const autoscaler = (...metrics: object[]) => ({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "a" },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" },
        maxReplicas: 5,
        ...(metrics.length === 0 ? {} : { metrics }),
      },
    });
    await apply(v2!, autoscaler(utilization(80)), "new", 201);
    await merge(v1!, { spec: { targetCPUUtilizationPercentage: 50 } }, "old");
    const both = seen(await expect(admin, { path: v2! }, 200));
    assert.deepEqual(owners(both), [
      ["new v2", ["maxReplicas", "scaleTargetRef"]],
      ["old v1", ["targetCPUUtilizationPercentage"]],
    ]);
    const refused = seen(await apply(v2!, autoscaler(utilization(80)), "new", 409));
    assert.equal(
      refused.message,
      'Apply failed with 1 conflict: conflict with "old" using autoscaling/v1: .spec.targetCPUUtilizationPercentage',
    );
    const forced = seen(await apply(v2!, autoscaler(utilization(80)), "new", 200, true));
    assert.deepEqual(owners(forced), [["new v2", ["maxReplicas", "metrics", "scaleTargetRef"]]]);
    // Of versions that are not served any more nobody is kept.
    const managedFields = [
      ...(forced.metadata.managedFields ?? []),
      {
        manager: "gone",
        operation: "Update",
        apiVersion: "autoscaling/v2beta2",
        fieldsType: "FieldsV1",
        fieldsV1: { "f:spec": { "f:minReplicas": {} } },
      },
    ];
    const body = { ...forced, metadata: { ...forced.metadata, managedFields } };
    const put = seen(await expect(admin, { method: "PUT", path: v2!, body }, 200));
    assert.deepEqual(
      owners(put).map(([who]) => who),
      ["new v2"],
    );
  });

  test("of a custom resource are asked of its webhook", async () => {
    const conversion = {
      strategy: "Webhook",
      webhook: {
        conversionReviewVersions: ["v1"],
        clientConfig: { url: `${webhook.url}/convert`, caBundle: webhook.caBundle },
      },
    };
    const versions = [
      { name: "v1", schema: schemaOf("name", "n", "other") },
      { name: "v2", schema: schemaOf("title", "n", "other") },
    ];
    await establish(admin, definitionOf("Widget", versions, { conversion }));

    await apply(path("v1", "a"), widget("v1", "a", { name: "x", n: 1 }), "one", 201);
    const same = seen(await apply(path("v2", "a"), widget("v2", "a", { title: "x" }), "two"));
    assert.deepEqual(owners(same), [
      ["one v1", ["n", "name"]],
      ["two v2", ["title"]],
    ]);
    const refused = seen(await apply(path("v2", "a"), widget("v2", "a", { title: "y" }), "two", 409));
    assert.equal(refused.message, 'Apply failed with 1 conflict: conflict with "one": .spec.name');
    const forced = seen(await apply(path("v2", "a"), widget("v2", "a", { title: "y" }), "two", 200, true));
    assert.deepEqual(owners(forced), [
      ["one v1", ["n"]],
      ["two v2", ["title"]],
    ]);

    const merged = seen(await merge(path("v1", "a"), { spec: { name: "z", other: "o" } }, "three"));
    assert.deepEqual(owners(merged), [
      ["one v1", ["n"]],
      ["three v1", ["name", "other"]],
    ]);
    const moved = seen(await apply(path("v2", "a"), widget("v2", "a", { title: "z" }), "one"));
    assert.deepEqual(moved.spec, { title: "z", other: "o" });
    assert.deepEqual(owners(moved), [
      ["one v2", ["title"]],
      ["three v1", ["name", "other"]],
    ]);
    // What it said in the other version, and says no more, goes; what others own stays.
    const back = seen(await apply(path("v1", "a"), widget("v1", "a", { n: 2 }), "one"));
    assert.deepEqual(back.spec, { name: "z", other: "o", n: 2 });
    assert.deepEqual(owners(back), [
      ["one v1", ["n"]],
      ["three v1", ["name", "other"]],
    ]);
  });

  test("are told when the webhook fails, or forgotten where nobody asks", async () => {
    await apply(path("v1", "b"), widget("v1", "b", { name: "x" }), "one", 201);
    await apply(path("v2", "b"), widget("v2", "b", { n: 1 }), "two");
    failing = true;
    try {
      const refused = seen(await apply(path("v1", "b"), widget("v1", "b", { name: "y" }), "one", 500));
      assert.equal(refused.message, "conversion webhook for example.com/v1, Kind=Widget failed: out of order");
      const forgetting = seen(await merge(path("v1", "b"), { spec: { name: "y" } }, "three"));
      assert.deepEqual([forgetting.spec, forgetting.metadata.managedFields], [{ name: "y", n: 1 }, undefined]);
    } finally {
      failing = false;
    }
    await withdraw(admin, "widgets.example.com");
  });

  test("of a custom resource without a webhook must fit each other's schemas, and their versions must be there", async () => {
    const versions = (...more: object[]) => [
      { name: "v1", schema: schemaOf("n", "name") },
      { name: "v2", schema: schemaOf("n", "title") },
      ...(more as { name: string }[]),
    ];
    const third = { name: "v3", schema: schemaOf("n", "name"), served: false };
    await establish(admin, definitionOf("Widget", versions(third)));
    await apply(path("v1", "c"), widget("v1", "c", { n: 1 }), "one", 201);
    const both = seen(await apply(path("v2", "c"), widget("v2", "c", { n: 1 }), "two"));
    assert.deepEqual(
      owners(both).map(([who]) => who),
      ["one v1", "two v2"],
    );
    const misfit = seen(await apply(path("v2", "c"), widget("v2", "c", { n: 1, title: "t" }), "two", 500));
    assert.equal(misfit.message, "failed to convert new object: .spec.title: field not declared in schema");
    const wiped = seen(await merge(path("v2", "c"), { spec: { title: "t" } }, "three"));
    // The version that is stored has no title.
    assert.deepEqual([wiped.spec, wiped.metadata.managedFields], [{ n: 1 }, undefined]);

    const entry = (apiVersion: string) => ({
      manager: "old",
      operation: "Update",
      apiVersion,
      fieldsType: "FieldsV1",
      fieldsV1: { "f:spec": { "f:n": {} } },
    });
    const made = seen(
      await expect(admin, { method: "POST", path: path("v1"), body: widget("v1", "d", { n: 1 }) }, 201),
    );
    const body = { ...made, metadata: { ...made.metadata, managedFields: [entry("example.com/v3")] } };
    const unserved = seen(await expect(admin, { method: "PUT", path: path("v1", "d"), body }, 200));
    assert.deepEqual(owners(unserved), [["old v3", ["n"]]]);
    await expect(
      admin,
      {
        method: "PATCH",
        path: `${definitionsPath}/widgets.example.com`,
        headers: { "content-type": "application/merge-patch+json" },
        body: {
          spec: { versions: (definitionOf("Widget", versions()) as { spec: { versions: object } }).spec.versions },
        },
      },
      200,
    );
    const gone = seen(await apply(path("v1", "d"), widget("v1", "d", { n: 2 }), "one", 500));
    assert.equal(gone.message, "request to convert CR to an invalid group/version: example.com/v3");
    await withdraw(admin, "widgets.example.com");
  });
});
