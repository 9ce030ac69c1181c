import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { realClock } from "../base/mod.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import { eventually } from "./support/eventually.ts";
import { startHttpsServer } from "./support/https-server.ts";

test("servers of one store that know different authorities tell both, and come to rest", {
  timeout: 300_000,
}, async () => {
  const storage = memoryStorage({ clock: realClock });
  const servers = [await startHttpsServer({ storage }), await startHttpsServer({ storage })];
  try {
    const told = () => servers[0]!.server.registry.get(ConfigMap, "kube-system", "extension-apiserver-authentication");
    await eventually(async () => {
      const bundle = told()?.data?.["client-ca-file"] ?? "";
      for (const { ca } of servers) assert.ok(bundle.includes(ca.trim()));
    });
    const { resourceVersion } = told()!.metadata;
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(told()!.metadata.resourceVersion, resourceVersion);
  } finally {
    for (const server of servers) await server.close();
    await storage.close();
  }
});
