import assert from "node:assert/strict";
import { test } from "node:test";
import { MutatingWebhookConfiguration } from "../../../api/admissionregistration/v1/mutating-webhook-configuration.ts";
import { ConfigMap } from "../../../api/core/v1/config-map.ts";
import { Namespace } from "../../../api/core/v1/namespace.ts";
import { MetricsRegistry } from "../../../base/metrics.ts";
import { realClock, realRandom } from "../../../base/mod.ts";
import { MemoryObjects } from "../../registry/memory-objects.ts";
import { WebhookCallError, type WebhookClient } from "../../webhook-client/webhook-client.ts";
import { AdmissionChain } from "../chain.ts";
import { convertByStorage } from "../dynamic/versioned.ts";
import type { AdmissionPlugin } from "../plugin.ts";
import { testAttributes } from "../test-attributes.ts";
import { mutatingWebhooks } from "./mutating.ts";

type Data = Record<string, string>;

/** Webhooks by their URLs; each sees the data and gives what it shall become, or undefined for no change. */
function subject(hooks: Readonly<Record<string, (data: Data) => Data | undefined>>, change: object = {}) {
  const objects = new MemoryObjects();
  const rules = [{ operations: ["*"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"], scope: "*" }];
  const webhooks = Object.keys(hooks).map((name) => ({
    name,
    clientConfig: { url: `https://${name}` },
    rules,
    failurePolicy: "Fail",
    matchPolicy: "Exact",
    sideEffects: "None",
    timeoutSeconds: 10,
    admissionReviewVersions: ["v1"],
    reinvocationPolicy: "IfNeeded",
    ...change,
  }));
  objects.set(MutatingWebhookConfiguration, { metadata: { name: "c" }, webhooks });
  const asked: string[] = [];
  const client: WebhookClient = {
    call(config, { body }) {
      const name = (config as { url: string }).url.slice("https://".length);
      asked.push(name);
      const { request } = body as { request: { uid: string; object: { data?: Data } } };
      if (name.startsWith("broken")) return Promise.reject(new WebhookCallError("broken"));
      const data = hooks[name]!({ ...request.object.data });
      const patch = Buffer.from(JSON.stringify([{ value: data, path: "/data", op: "add" }])).toString("base64");
      const response = { uid: request.uid, allowed: true, ...(data ? { patchType: "JSONPatch", patch } : {}) };
      const answer = { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", response };
      const encoded = Buffer.from(JSON.stringify(answer));
      return Promise.resolve({ code: 200, contentType: "application/json", body: encoded });
    },
    close: () => undefined,
  };
  const plugin = mutatingWebhooks({
    reader: objects,
    served: () => [ConfigMap, Namespace],
    convert: convertByStorage,
    client,
    clock: realClock,
    random: realRandom,
    metricsRegistry: new MetricsRegistry(),
    compileConditions: () => () => ({ matches: true }),
  });
  const annotations: Record<string, string> = {};
  const write = async (...others: AdmissionPlugin[]): Promise<Data | undefined> => {
    const attributes = testAttributes(
      ConfigMap,
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: "default" } },
      {
        auditAnnotate: (key, value) => {
          annotations[key] = value;
        },
      },
    );
    await new AdmissionChain([...others, plugin]).admit(attributes);
    return (attributes.object as { data?: Data }).data;
  };
  return { objects, plugin, write, asked, annotations };
}

test("a webhook that changes nothing is asked once; while there is none, nobody waits", async () => {
  const { objects, plugin, write, asked } = subject({ "a.example.com": () => undefined });
  assert.equal(await write(), undefined);
  assert.deepEqual(asked, ["a.example.com"]);
  await objects.delete(MutatingWebhookConfiguration, "", "c");
  assert.equal(plugin.handles(testAttributes(ConfigMap, { metadata: {} })), false);
});

test("after a change those asked before are asked again, once; what they change then reaches those after them", async () => {
  const { write, asked } = subject({
    "a.example.com": (data) => ({ ...data, a: `${data["a"] ?? ""}x` }),
    "b.example.com": (data) => (data["b"] === undefined ? { ...data, b: "x" } : undefined),
  });
  assert.deepEqual(await write(), { a: "xx", b: "x" });
  assert.deepEqual(asked, ["a.example.com", "b.example.com", "a.example.com", "b.example.com"]);
});

test("what is never to be reinvoked is asked once", async () => {
  const hooks = { "a.example.com": () => ({ a: "1" }), "b.example.com": (data: Data) => ({ ...data, b: "1" }) };
  const { write, asked } = subject(hooks, { reinvocationPolicy: "Never" });
  assert.deepEqual(await write(), { a: "1", b: "1" });
  assert.deepEqual(asked, ["a.example.com", "b.example.com"]);
});

test("the audit log tells who changed what, and who could not be asked", async () => {
  const { write, annotations } = subject(
    {
      "a.example.com": () => ({ k: "<v>" }),
      "broken.example.com": () => undefined,
    },
    { failurePolicy: "Ignore", reinvocationPolicy: "Never" },
  );
  await write();
  const at = "webhook.admission.k8s.io";
  assert.equal(
    annotations[`mutation.${at}/round_0_index_0`],
    '{"configuration":"c","webhook":"a.example.com","mutated":true}',
  );
  assert.equal(
    annotations[`patch.${at}/round_0_index_0`],
    '{"configuration":"c","webhook":"a.example.com","patch":[{"op":"add","path":"/data","value":{"k":"\\u003cv\\u003e"}}],"patchType":"JSONPatch"}',
  );
  assert.equal(
    annotations[`mutation.${at}/round_0_index_1`],
    '{"configuration":"c","webhook":"broken.example.com","mutated":false}',
  );
  assert.equal(annotations[`failed-open.mutation.${at}/round_0_index_1`], "broken.example.com");
});
