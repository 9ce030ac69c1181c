import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startWebhook, type WebhookServerForTests } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { expect, seen } from "../support/conformance.ts";
import { definitionOf, definitionsPath, establish, withdraw } from "../support/custom-resources.ts";
import { eventually } from "../support/eventually.ts";
import { type Answer, type Call, clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

// The cases of apiextensions-apiserver/test/integration/conversion/conversion_test.go of Kubernetes 1.36, in requests of our own.

type Fields = Record<string, unknown>;
interface Review {
  readonly apiVersion: string;
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: readonly Fields[] };
}
type Converter = (object: Fields, to: string) => Fields;

const renamed: Converter = (object, to) => {
  const { content, contentv2, ...rest } = object;
  const said = content ?? contentv2;
  const name = to.endsWith("v1beta2") ? "contentv2" : "content";
  return { ...rest, apiVersion: to, ...(said === undefined ? {} : { [name]: said }) };
};

const own = (version: string, field: string): object => ({
  properties: {
    [field]: { type: "object", properties: { key: { type: "string" } } },
    defaults: {
      type: "object",
      properties: Object.fromEntries(
        ["v1alpha1", "v1beta1", "v1beta2"].map((name) => [
          name,
          { type: "boolean", ...(name === version && { default: true }) },
        ]),
      ),
    },
    spec: { type: "object", properties: { replicas: { type: "integer" } } },
    status: { type: "object", properties: { replicas: { type: "integer" } } },
  },
});
const subresources = {
  status: {},
  scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
};
const contentOf = (version: string): string => (version === "v1beta2" ? "contentv2" : "content");
const versions = (storage: string, unserved: readonly string[] = ["v1alpha2"]) =>
  ["v1beta1", "v1alpha1", "v1beta2", "v1alpha2"].map((name) => ({
    name,
    schema: own(name, contentOf(name)),
    subresources,
    storage: name === storage,
    served: !unserved.includes(name),
  }));
const served = ["v1alpha1", "v1beta1", "v1beta2"];
const path = (version: string, name = ""): string =>
  `/apis/example.com/${version}/namespaces/default/widgets${name === "" ? "" : `/${name}`}`;
const widget = (version: string, name: string, more: object = {}): object => ({
  apiVersion: `example.com/${version}`,
  kind: "Widget",
  metadata: { name },
  [contentOf(version)]: { key: "value" },
  spec: { replicas: 1 },
  ...more,
});
const merge = { "content-type": "application/merge-patch+json" };

describe("conversion by webhook, case by case", { timeout: 120_000 }, () => {
  let https: HttpsServer;
  let admin: HttpClient;
  let webhook: WebhookServerForTests;
  let converter: Converter = renamed;
  let answer: ((review: Review) => object) | undefined;
  const asked: string[] = [];

  const converting = ({ body }: { readonly body: unknown }): object => {
    const review = body as Review;
    const { uid, desiredAPIVersion, objects } = review.request;
    asked.push(`${review.apiVersion.replace(/^.*\//, "")} ${desiredAPIVersion.replace(/^.*\//, "")}`);
    if (answer !== undefined) return answer(review);
    const convertedObjects = objects.map((object) => converter(object, desiredAPIVersion));
    return { ...review, response: { uid, result: { status: "Success" }, convertedObjects } };
  };
  const conversion = (...conversionReviewVersions: readonly string[]): object => ({
    strategy: "Webhook",
    webhook: {
      conversionReviewVersions,
      clientConfig: { url: `${webhook.url}/convert`, caBundle: webhook.caBundle },
    },
  });

  before(async () => {
    [https, webhook] = await Promise.all([startHttpsServer(), startWebhook(converting)]);
    admin = clientOf.h2(https.port, https.admin);
    const more = { conversion: conversion("v1", "v1beta1") };
    await establish(admin, definitionOf("Widget", versions("v1beta1"), more));
  });
  after(async () => {
    admin?.close();
    await https?.close();
    await webhook?.close();
  });

  const change = async (spec: object): Promise<void> => {
    const place = `${definitionsPath}/widgets.example.com`;
    await expect(admin, { method: "PATCH", path: place, headers: merge, body: { spec } }, 200);
  };
  const store = (storage: string): Promise<void> =>
    change({ versions: (definitionOf("W", versions(storage)) as { spec: { versions: object } }).spec.versions });
  const create = (version: string, name: string, more: object = {}): Promise<Answer> =>
    expect(admin, { method: "POST", path: path(version), body: widget(version, name, more) }, 201);
  const content = async (version: string, name: string): Promise<unknown> =>
    (seen(await expect(admin, { path: path(version, name) }, 200)) as unknown as Fields)[contentOf(version)];

  test("what was stored in any version is read in every other (validateMixedStorageVersions, validateStorageVersion)", async () => {
    for (const version of served) {
      await store(version);
      await create(version, `stored-${version}`);
    }
    await store("v1beta1");
    for (const version of served) {
      for (const stored of served) assert.deepEqual(await content(version, `stored-${stored}`), { key: "value" });
    }
  });

  test("a version that is served no more is gone, until it is served again (validateServed)", async () => {
    await create("v1alpha1", "served");
    const { spec } = definitionOf("W", versions("v1beta1", ["v1alpha1", "v1alpha2"])) as { spec: Fields };
    await change({ versions: spec["versions"] });
    await expect(admin, { path: path("v1alpha1", "served") }, 404, "404 page not found\n");
    await expect(admin, { path: path("v1beta2", "served") }, 200);
    await store("v1beta1");
    await expect(admin, { path: path("v1alpha1", "served") }, 200);
  });

  test("fields that no schema has are dropped on each way (validateNonTrivialConverted, validateNonTrivialConvertedList)", async () => {
    for (const version of served) await create(version, `dropped-${version}`, { foo: "garbage" });
    for (const version of served) {
      for (const made of served) {
        const object = seen(await expect(admin, { path: path(version, `dropped-${made}`) }, 200)) as unknown as Fields;
        assert.deepEqual([object["foo"], object[contentOf(version)]], [undefined, { key: "value" }]);
        for (const part of ["", "/status"]) {
          const body = { metadata: { annotations: { [version]: part } } };
          const place = `${path(version, `dropped-${made}`)}${part}`;
          await expect(admin, { method: "PATCH", path: place, headers: merge, body }, 200);
        }
      }
      const { items = [] } = seen(await expect(admin, { path: path(version) }, 200));
      assert.ok(items.length >= 6);
      for (const item of items) {
        assert.deepEqual((item as unknown as Fields)[contentOf(version)], { key: "value" }, item.metadata.name);
      }
    }
  });

  test("of defaults there are those of the request, and of what is stored (validateDefaulting)", async () => {
    for (const version of served) {
      const made = seen(await create(version, `default-${version}`, { defaults: {} })) as unknown as Fields;
      const wanted = { v1beta1: true, [version]: true };
      assert.deepEqual(made["defaults"], wanted);
      for (const other of served) {
        const shown = seen(await expect(admin, { path: path(other, `default-${version}`) }, 200)) as unknown as Fields;
        assert.deepEqual(shown["defaults"], wanted, `${version} shown in ${other}`);
      }
    }
  });

  test("labels and annotations are the webhook's to change, and of metadata nothing else (validateObjectMetaMutation)", async () => {
    converter = (object, to) => {
      const from = String(object["apiVersion"]);
      const metadata = object["metadata"] as { labels?: object; annotations?: object };
      const marks = { from: from.replace("/", "."), to: to.replace("/", ".") };
      return {
        ...renamed(object, to),
        metadata: {
          ...metadata,
          labels: { ...metadata.labels, ...marks },
          annotations: { ...metadata.annotations, ...marks },
          generation: 42,
          resourceVersion: "42",
          finalizers: ["foo"],
          garbage: "foo",
        },
      };
    };
    try {
      const stored = seen(await create("v1beta1", "mutated"));
      assert.deepEqual([stored.metadata.labels, stored.metadata.annotations], [undefined, undefined]);
      const shown = seen(await expect(admin, { path: path("v1beta2", "mutated") }, 200)).metadata;
      const marks = { from: "example.com.v1beta1", to: "example.com.v1beta2" };
      assert.deepEqual([shown.labels, shown.annotations], [marks, marks]);
      const kept = { ...shown, labels: undefined, annotations: undefined };
      assert.deepEqual(kept, { ...stored.metadata, labels: undefined, annotations: undefined });
      const other = seen(await create("v1beta2", "mutated-too")).metadata;
      assert.deepEqual([other.labels, other.generation, other.finalizers], [marks, 1, undefined]);
    } finally {
      converter = renamed;
    }
  });

  test("versions that are not served are not asked for (TestWebhookNotCalledForUnusedVersions)", async () => {
    for (const version of served) {
      const call = {
        method: "PATCH",
        path: `${path(version, "unused")}?fieldManager=m`,
        headers: { "content-type": "application/apply-patch+yaml" },
        body: JSON.stringify(widget(version, "unused")),
      };
      await expect(admin, call, version === served[0] ? 201 : 200);
    }
    assert.deepEqual(
      asked.filter((one) => !one.startsWith("v1 ") || one.endsWith("v1alpha2")),
      [],
    );
    await change({ conversion: conversion("v1beta1", "v1") });
    asked.length = 0;
    await create("v1beta2", "older");
    assert.ok(asked.length > 0 && asked.every((one) => one.startsWith("v1beta1 ")));
    await change({ conversion: conversion("v1", "v1beta1") });
  });

  const failures: readonly (readonly [string, (review: Review) => object, string])[] = [
    [
      "that says nothing",
      ({ apiVersion, request: { uid } }) => ({
        apiVersion,
        kind: "ConversionReview",
        response: { uid, result: { status: "Success" }, convertedObjects: [] },
      }),
      "returned 0 objects, expected 1",
    ],
    [
      "that fails",
      ({ apiVersion, request: { uid } }) => ({
        apiVersion,
        kind: "ConversionReview",
        response: {
          uid,
          result: { status: "Failure", message: "custom webhook conversion error" },
          convertedObjects: [],
        },
      }),
      "custom webhook conversion error",
    ],
    [
      "that makes no sense",
      () => ({}),
      "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got",
    ],
  ];
  for (const [index, [says, respond, message]] of failures.entries()) {
    test(`a webhook ${says} is told for each verb (expectConversionFailureMessage)`, async () => {
      const name = `failing-${index}`;
      const { metadata } = seen(await create("v1beta1", name));
      const foreign = { ...widget("v1beta2", name), metadata };
      const scale = { apiVersion: "autoscaling/v1", kind: "Scale", metadata: { name }, spec: { replicas: 42 } };
      const place = path("v1beta2", name);
      const patch = { method: "PATCH", headers: merge, body: { metadata: { annotations: { patch: "true" } } } };
      const calls: readonly Call[] = [
        { path: place },
        { path: path("v1beta2") },
        { method: "POST", path: path("v1beta2"), body: widget("v1beta2", `${name}-new`) },
        { method: "PUT", path: place, body: foreign },
        { ...patch, path: place },
        { method: "DELETE", path: place },
        { method: "DELETE", path: path("v1beta2") },
        ...["status", "scale"].flatMap((part): Call[] => [
          { path: `${place}/${part}` },
          { method: "PUT", path: `${place}/${part}`, body: part === "scale" ? scale : foreign },
          { ...patch, path: `${place}/${part}` },
        ]),
      ];
      answer = respond;
      try {
        for (const call of calls) {
          const failed = await expect(admin, call, 500);
          assert.ok(seen(failed).message?.includes(message), `${call.method ?? "GET"} ${call.path}: ${failed.text}`);
        }
      } finally {
        answer = undefined;
      }
      await expect(admin, { method: "DELETE", path: path("v1beta1", name) }, 200);
    });
  }

  test("a definition goes with what is stored in any version", async () => {
    await withdraw(admin, "widgets.example.com");
    await eventually(() => expect(admin, { path: path("v1beta1") }, 404));
  });
});
