import assert from "node:assert/strict";
import { test } from "node:test";
import { startWebhook } from "../../apiserver/webhook-client/testing/webhook-server.ts";
import { configMaps, expect } from "../support/conformance.ts";
import { clientOf } from "../support/http.ts";
import { startHttpsServer } from "../support/https-server.ts";
import { configurations, reviewOf, rule, says } from "../support/webhook-subject.ts";

test("webhooks are called as the user that the kubeconfig of their plugin names for them", {
  timeout: 300_000,
}, async () => {
  const webhook = await startWebhook(says({ allowed: true }));
  const target = new URL(webhook.url).host;
  const users = (name: string, token: string) => ({ users: new Map([[name, { token }]]) });
  const https = await startHttpsServer({
    more: {
      admission: {
        kubeconfigs: {
          mutatingWebhooks: users(target, "of mutating"),
          validatingWebhooks: users("*", "of validating"),
        },
      },
    },
  });
  const admin = clientOf.h2(https.port, https.admin);
  try {
    for (const kind of ["mutating", "validating"]) {
      const clientConfig = { url: `${webhook.url}/${kind}`, caBundle: webhook.caBundle };
      const common = { admissionReviewVersions: ["v1"], sideEffects: "None", rules: [rule] };
      await expect(
        admin,
        {
          method: "POST",
          path: `${configurations}/${kind}webhookconfigurations`,
          body: { metadata: { name: kind }, webhooks: [{ name: `${kind}.example.com`, clientConfig, ...common }] },
        },
        201,
      );
    }
    await expect(admin, { method: "POST", path: configMaps, body: { metadata: { name: "a" } } }, 201);
    const seen = webhook.calls.map(({ path, headers, body }) => [
      path.split("?")[0],
      headers["authorization"],
      reviewOf(body).name,
    ]);
    assert.deepEqual(seen, [
      ["/mutating", "Bearer of mutating", "a"],
      ["/validating", "Bearer of validating", "a"],
    ]);
  } finally {
    admin.close();
    await https.close();
    await webhook.close();
  }
});
