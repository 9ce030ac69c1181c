import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoints } from "../../api/core/v1/endpoints.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import { CapturingLogger, VirtualClock } from "../../base/mod.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import { MemoryObjects } from "../registry/memory-objects.ts";
import type { Registry } from "../registry/registry.ts";
import { ServerAddresses } from "./server-addresses.ts";

function setUp() {
  const clock = new VirtualClock();
  const storage = memoryStorage({ clock });
  const objects = new MemoryObjects();
  const logger = new CapturingLogger();
  const server = (ip: string) => {
    const service = { clusterIP: "10.96.0.1", endpoint: { ip, port: 6443 } };
    // What it needs of the registry is what these keep.
    return new ServerAddresses({ registry: objects as unknown as Registry, storage, clock, logger, service });
  };
  const shown = (): readonly string[] => {
    const endpoints = objects.get(Endpoints, "default", "kubernetes");
    const slice = objects.get(EndpointSlice, "default", "kubernetes");
    const ips = (endpoints?.subsets ?? []).flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
    assert.deepEqual(
      (slice?.endpoints ?? []).flatMap(({ addresses }) => addresses),
      ips,
    );
    return ips;
  };
  return { clock, storage, objects, logger, server, shown };
}

test("the endpoints are those of all servers that are there, and each that ends in order leaves them at once", async () => {
  const { clock, storage, logger, server, shown } = setUp();
  const [one, two] = [server("192.0.2.1"), server("192.0.2.2")];
  await clock.runUntil(two.start());
  assert.deepEqual(shown(), ["192.0.2.2"]);
  await clock.runUntil(one.start());
  assert.deepEqual(shown(), ["192.0.2.1", "192.0.2.2"]);
  await clock.advance(60_000);
  assert.deepEqual(shown(), ["192.0.2.1", "192.0.2.2"]);
  await clock.runUntil(two.stop());
  assert.deepEqual(shown(), ["192.0.2.1"]);
  await clock.runUntil(one.stop());
  assert.deepEqual(shown(), []);
  await clock.advance(60_000);
  assert.equal((await storage.range("/registry/masterleases/", "/registry/masterleases0")).entries.length, 0);
  assert.deepEqual(logger.records, []);
});

test("a server that is not heard of for a quarter of a minute is taken away by the others", async () => {
  const { clock, storage, server, shown } = setUp();
  const value = Buffer.from('{"kind":"Endpoints"}');
  await storage.put("/registry/masterleases/192.0.2.9", value, { ttlSeconds: 15 });
  const one = server("192.0.2.1");
  await clock.runUntil(one.start());
  assert.deepEqual(shown(), ["192.0.2.1", "192.0.2.9"]);
  await clock.advance(9_000);
  assert.deepEqual(shown(), ["192.0.2.1", "192.0.2.9"]);
  await clock.advance(12_000);
  assert.deepEqual(shown(), ["192.0.2.1"]);
});

test("what somebody else writes into the endpoints is put right, and nothing is written where all is well", async () => {
  const { clock, objects, server, shown } = setUp();
  const one = server("192.0.2.1");
  await clock.runUntil(one.start());
  const { writes } = objects;
  await clock.advance(60_000);
  assert.equal(objects.writes, writes);
  await objects.update(Endpoints, { ...objects.get(Endpoints, "default", "kubernetes")!, subsets: [] });
  await clock.advance(11_000);
  assert.deepEqual(shown(), ["192.0.2.1"]);
});

test("a store that fails is tried again, and an end does not wait for it", async () => {
  const { clock, storage, logger, server } = setUp();
  const one = server("192.0.2.1");
  await storage.close();
  await clock.runUntil(one.start());
  await clock.advance(35_000);
  assert.equal(logger.records.length, 4);
  await clock.runUntil(one.stop());
});
