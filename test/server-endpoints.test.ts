import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoints } from "../api/core/v1/endpoints.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { realClock } from "../base/mod.ts";
import { createClient } from "../client/mod.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import { eventually } from "./support/eventually.ts";
import { startHttpsServer } from "./support/https-server.ts";

/** Upstream's test/integration/controlplane TestReconcilerAPIServerLease…. */
test("the service kubernetes leads to all servers of a store, and not to those that have ended", {
  timeout: 300_000,
}, async () => {
  const storage = memoryStorage({ clock: realClock });
  const start = (ip: string) =>
    startHttpsServer({
      storage,
      more: { sharedStore: true, service: { clusterIP: "10.96.0.1", endpoint: { ip, port: 6443 } } },
    });
  const one = await start("192.0.2.1");
  const two = await start("192.0.2.2");
  try {
    const client = createClient(one.server.transport());
    const shown = async (): Promise<readonly (readonly string[])[]> => {
      const endpoints = await client.resource(Endpoints, "default").get("kubernetes");
      const slice = await client.resource(EndpointSlice, "default").get("kubernetes");
      return [
        (endpoints.subsets ?? []).flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip)),
        (slice.endpoints ?? []).flatMap(({ addresses }) => addresses),
      ];
    };
    const both = ["192.0.2.1", "192.0.2.2"];
    await eventually(async () => assert.deepEqual(await shown(), [both, both]));
    await two.close();
    await eventually(async () => assert.deepEqual(await shown(), [["192.0.2.1"], ["192.0.2.1"]]));
  } finally {
    await Promise.all([one.close(), two.close()]);
    await storage.close();
  }
});
