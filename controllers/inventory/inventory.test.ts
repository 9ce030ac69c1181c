import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Transport } from "../../apimachinery/resource/transport.ts";
import { CapturingLogger, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { type Client, createClient, type ResourceIdentity } from "../../client/mod.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import { Inventory } from "./inventory.ts";

const timeout = 20_000;
const crds: ResourceIdentity = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  scope: "Cluster",
};
const things: ResourceIdentity = {
  group: "example.com",
  version: "v1",
  kind: "Thing",
  plural: "things",
  scope: "Namespaced",
};
const maps: ResourceIdentity = {
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
  scope: "Namespaced",
};

const listed = ({ plural, kind, scope }: ResourceIdentity, verbs = ["delete", "list", "watch"]) => ({
  name: plural,
  kind,
  namespaced: scope === "Namespaced",
  verbs,
});

/** A server whose groups come, go and fail as the test says. */
class Served {
  /** What `/apis/GROUP/v1` answers. */
  readonly groups = new Map<string, ReturnType<typeof listed>[] | Error>([[crds.group, [listed(crds)]]]);
  readonly core = [listed(maps), listed({ ...maps, kind: "Binding", plural: "bindings" }, ["create"])];
  asked = 0;

  transport(api: MemoryApi): Transport {
    return {
      watch: (request) => api.watch(request),
      close: () => api.close(),
      request: async (request) => {
        const object = this.#answer(request.path);
        return object === undefined ? api.request(request) : { status: 200, object, warnings: [] };
      },
    };
  }

  #answer(path: string): unknown {
    if (path === "/api/v1") return { resources: this.core };
    if (path === "/apis") {
      this.asked++;
      return {
        groups: [...this.groups.keys()].map((name) => ({
          name,
          versions: [{ version: "v1" }],
          preferredVersion: { version: "v1" },
        })),
      };
    }
    const resources = this.groups.get(/^\/apis\/([^/]+)\/v1$/.exec(path)?.[1] ?? "");
    if (resources instanceof Error) throw resources;
    return resources === undefined ? undefined : { resources };
  }
}

interface World {
  readonly clock: VirtualClock;
  readonly served: Served;
  readonly client: Client;
  readonly api: MemoryApi;
  readonly names: () => string[];
  readonly inventory: Inventory;
}

async function withInventory(fn: (world: World) => Promise<void>): Promise<void> {
  const clock = new VirtualClock({ settleTurns: 2 });
  const random = new SeededRandom(1);
  const api = new MemoryApi({ clock, random });
  const served = new Served();
  const client = createClient(served.transport(api));
  const inventory = new Inventory({ client, clock, random, logger: new CapturingLogger() });
  const stop = new AbortController();
  await client.resource(maps, "default").create({ metadata: { name: "first" } });
  const running = inventory.run(stop.signal);
  try {
    await clock.runUntil(inventory.synced());
    const names = () => [...inventory.graph.values()].map(({ resource, name }) => `${resource.plural}/${name}`).sort();
    await fn({ clock, served, client, api, inventory, names });
  } finally {
    stop.abort();
    await clock.runUntil(running);
  }
  assert.equal(api.openWatches, 0);
  assert.equal(clock.pendingTimers, 0);
}

test("what can be deleted, listed and watched is there once synced, and followed", { timeout }, async () => {
  await withInventory(async ({ clock, client, names, api }) => {
    assert.deepEqual(names(), ["configmaps/first"]);
    assert.equal(api.openWatches, 2);
    await client.resource(maps, "default").create({ metadata: { name: "second" } });
    await client.resource(maps, "default").delete("first");
    await clock.settle(5);
    assert.deepEqual(names(), ["configmaps/second"]);
  });
});

test("a new custom resource is followed, one that is served no more is forgotten", { timeout }, async () => {
  await withInventory(async ({ clock, client, served, names }) => {
    await client.resource(crds).create({ metadata: { name: "things.example.com" } });
    served.groups.set(things.group, [listed(things)]);
    await client.resource(things, "default").create({ metadata: { name: "a" } });
    await clock.advance(1_000);
    assert.deepEqual(names(), ["configmaps/first", "customresourcedefinitions/things.example.com", "things/a"]);
    served.groups.delete(things.group);
    await client.resource(crds).delete("things.example.com");
    await clock.advance(1_000);
    assert.deepEqual(names(), ["configmaps/first"]);
  });
});

test("a change is followed at once, also while the server is to be asked for an earlier one", { timeout }, async () => {
  await withInventory(async ({ clock, client, served, names }) => {
    await client.resource(crds).create({ metadata: { name: "others.example.com" } });
    await clock.advance(2_000);
    served.groups.set(things.group, [listed(things)]);
    await client.resource(things, "default").create({ metadata: { name: "a" } });
    await client.resource(crds).create({ metadata: { name: "things.example.com" } });
    await clock.advance(100);
    assert.ok(names().includes("things/a"));
  });
});

test("a group that cannot be read just now keeps its objects, and is asked again until it answers", {
  timeout,
}, async () => {
  await withInventory(async ({ clock, client, served, names, inventory }) => {
    served.groups.set(things.group, [listed(things)]);
    await client.resource(things, "default").create({ metadata: { name: "a" } });
    await client.resource(crds).create({ metadata: { name: "x" } });
    await clock.advance(10_000);
    assert.ok(names().includes("things/a"));
    served.groups.set(things.group, ApiError.serviceUnavailable("down"));
    await client.resource(crds).delete("x");
    await clock.advance(10_000);
    assert.ok(names().includes("things/a"));
    assert.deepEqual([...inventory.discovery.failures.keys()], ["example.com/v1"]);
    served.groups.set(things.group, [listed(things)]);
    await clock.advance(60_000);
    assert.equal(inventory.discovery.failures.size, 0);
  });
});

test("a server that serves the same all day is asked once", { timeout }, async () => {
  await withInventory(async ({ clock, served }) => {
    const { asked } = served;
    await clock.advance(3_600_000);
    assert.equal(served.asked, asked);
  });
});
