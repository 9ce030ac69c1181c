import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  type Answer,
  startWebhook,
  type WebhookServerForTests,
} from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect, failure } from "../support/conformance.ts";
import { clientOf, type HttpClient } from "../support/http.ts";
import { type HttpsServer, startHttpsServer } from "../support/https-server.ts";

const pods = "/api/v1/namespaces/default/pods";
const says =
  (status: object): Answer =>
  () => ({ kind: "ImageReview", apiVersion: "imagepolicy.k8s.io/v1alpha1", status });

for (const defaultAllow of [false, true]) {
  describe(`a webhook that says which images pods may have, defaultAllow ${defaultAllow}`, { timeout: 300_000 }, () => {
    let webhook: WebhookServerForTests;
    let https: HttpsServer;
    let admin: HttpClient;
    before(async () => {
      webhook = await startWebhook(says({ allowed: true }));
      const token = { credentials: { token: "secret" } };
      const ca = Buffer.from(webhook.caBundle, "base64").toString();
      const ttl = { allowTtlMs: 60_000, denyTtlMs: 0, retryBackoffMs: 1 };
      https = await startHttpsServer({
        more: {
          admission: {
            enable: ["ImagePolicyWebhook"],
            disable: ["ServiceAccount"],
            configurations: { imagePolicy: { kubeConfigFile: "/hook", ...ttl, defaultAllow } },
            kubeconfigs: { imagePolicy: { server: `${webhook.url}/policy`, ca, ...token } },
          },
        },
      });
      admin = clientOf.h2(https.port, https.admin);
    });
    after(async () => {
      admin?.close();
      await https?.close();
      await webhook?.close();
    });
    const post = (name: string, image: string, annotations: object = {}, more: object = {}) => ({
      method: "POST",
      path: pods,
      body: { metadata: { name, annotations }, spec: { containers: [{ name: "c", image }], ...more } },
    });
    const refused = (name: string, why: string): object =>
      failure(403, "Forbidden", `pods "${name}" is forbidden: ${why}`, { name, kind: "pods" });

    test("is asked by ImageReview about images, with the annotations for it, and believed for a while", async () => {
      webhook.answer = says({ allowed: true });
      webhook.calls.length = 0;
      const annotations = { "mycluster.image-policy.k8s.io/ticket-1234": "break-glass", other: "x" };
      const initContainers = [{ name: "i", image: "init:1" }];
      await expect(admin, post("allowed", "app:1", annotations, { initContainers }), 201);
      const [{ path, headers, body }, ...further] = webhook.calls as [(typeof webhook.calls)[0]];
      assert.deepEqual([path, headers["authorization"], further], ["/policy?timeout=30s", "Bearer secret", []]);
      assert.deepEqual(body, {
        kind: "ImageReview",
        apiVersion: "imagepolicy.k8s.io/v1alpha1",
        metadata: {},
        spec: {
          containers: [{ image: "app:1" }, { image: "init:1" }],
          annotations: { "mycluster.image-policy.k8s.io/ticket-1234": "break-glass" },
          namespace: "default",
        },
        status: { allowed: false },
      });
      await expect(admin, post("again", "app:1", annotations, { initContainers }), 201);
      assert.equal(webhook.calls.length, 1);
      await expect(admin, { method: "POST", path: configMaps, body: { metadata: { name: "a" } } }, 201);
      assert.equal(webhook.calls.length, 1);
    });

    test("refuses with its reason, or without one, at creation, update and for ephemeral containers", async () => {
      webhook.answer = says({ allowed: true });
      await expect(admin, post("changed", "app:2"), 201);
      webhook.answer = says({ allowed: false, reason: "not signed" });
      const why = "image policy webhook backend denied one or more images: not signed";
      await expect(admin, post("a", "app:3"), 403, refused("a", why));
      const merge = { "content-type": "application/merge-patch+json" };
      const image = { spec: { containers: [{ name: "c", image: "app:3" }] } };
      await expect(
        admin,
        { method: "PATCH", path: `${pods}/changed`, headers: merge, body: image },
        403,
        refused("changed", why),
      );
      const ephemeralContainers = [{ name: "debug", image: "tools" }];
      const strategic = { "content-type": "application/strategic-merge-patch+json" };
      await expect(
        admin,
        {
          method: "PATCH",
          path: `${pods}/changed/ephemeralcontainers`,
          headers: strategic,
          body: { spec: { ephemeralContainers } },
        },
        403,
        refused("changed", why),
      );
      webhook.answer = says({ allowed: false });
      await expect(admin, post("b", "app:4"), 403, refused("b", "one or more images rejected by webhook backend"));
    });

    test("that has no answer lets pods in or keeps them out, as the configuration says", async () => {
      webhook.answer = (_call, response) => {
        response.statusCode = 404;
        return {};
      };
      const { status, text } = await admin.call(post("failed", "app:5"));
      assert.equal(status, defaultAllow ? 201 : 403, text);
      webhook.answer = () => ({ kind: "Pod", apiVersion: "v1" });
      const other = await admin.call(post("odd", "app:6"));
      assert.equal(other.status, defaultAllow ? 201 : 403, other.text);
    });
  });
}
