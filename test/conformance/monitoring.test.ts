import assert from "node:assert/strict";
import { test } from "node:test";
import { expect, onBothProtocols } from "../support/conformance.ts";

/** Upstream's test/integration/auth/rbac_test.go TestMonitoringURLs. */
onBothProtocols("who only watches over a server", (subject) => {
  test("members of system:monitoring read how it is, and nothing else", async () => {
    const { as, https } = subject();
    const client = as(https.issue({ commonName: "watcher", organizations: ["system:monitoring"] }));
    const shown: readonly (readonly [string, RegExp])[] = [
      ["/readyz", /^ok$/],
      ["/metrics", /# HELP \w+/],
      ["/metrics/slis", /kubernetes_healthcheck\{\w+/],
      ["/livez", /^ok$/],
      ["/healthz", /^ok$/],
      ["/statusz", /apiserver statusz/],
    ];
    for (const [path, pattern] of shown) {
      const headers = path === "/statusz" ? { accept: "text/plain" } : {};
      const { text } = await expect(client, { path, headers }, 200);
      assert.match(text, pattern, path);
    }
    await expect(client, { path: "/api/v1/namespaces" }, 403);
    await expect(client, { path: "/logs/" }, 403);
  });
});
