import assert from "node:assert/strict";
import { test } from "node:test";
import { isConditionTrue } from "../api/apiextensions/v1/custom-resource-definition/conditions.ts";
import { CustomResourceDefinition } from "../api/apiextensions/v1/customresourcedefinition.ts";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { Namespace } from "../api/core/v1/namespace.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import { realClock } from "../base/mod.ts";
import type { Client, ResourceClient } from "../client/mod.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import { startCluster } from "./cluster.ts";

const widgetsOf = {
  group: "example.com",
  version: "v1",
  kind: "Widget",
  plural: "widgets",
  scope: "Namespaced",
} as const;

const definition = {
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer", default: 1 } } } },
          },
        },
      },
    ],
  },
};

async function define(client: Client): Promise<ResourceClient<ApiObject>> {
  await client.resource(CustomResourceDefinition).create(definition as never);
  const established = (crd: CustomResourceDefinition): boolean => isConditionTrue(crd, "Established");
  while (!established(await client.resource(CustomResourceDefinition).get("widgets.example.com"))) {
    // The status is written in turns of this very process.
  }
  return client.resource(widgetsOf, "default");
}

async function isGone(get: () => Promise<unknown>): Promise<boolean> {
  try {
    await get();
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    throw error;
  }
}

test("custom resources are collected with their owners and emptied with their namespace", {
  timeout: 60_000,
}, async () => {
  const cluster = await startCluster({ time: "virtual", seed: 7, controllers: true });
  const { client } = cluster;
  const pass = (ms: number): Promise<void> => cluster.virtualClock!.advance(ms);
  await pass(1_000);
  const widgets = await define(client);
  const owner = await client.resource(ConfigMap, "default").create({ metadata: { name: "owner" } });
  const ownerReferences = [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: owner.metadata.uid ?? "" }];
  await widgets.create({ metadata: { name: "owned", ownerReferences } } as never);
  await widgets.create({ metadata: { name: "free" } } as never);
  await client.resource(Namespace).create({ metadata: { name: "team" } });
  await client.resource(widgetsOf, "team").create({ metadata: { name: "other" } } as never);
  await pass(10_000);
  await client.resource(ConfigMap, "default").delete("owner");
  await client.resource(Namespace).delete("team");
  await pass(30_000);
  assert.ok(await isGone(() => widgets.get("owned")));
  assert.ok(await isGone(() => client.resource(Namespace).get("team")));
  assert.equal((await widgets.get("free")).metadata.name, "free");
  // A custom resource may own, too.
  const free = await widgets.get("free");
  const reference = [{ apiVersion: "example.com/v1", kind: "Widget", name: "free", uid: free.metadata.uid ?? "" }];
  await client.resource(ConfigMap, "default").create({ metadata: { name: "dependent", ownerReferences: reference } });
  await client.resource(CustomResourceDefinition).delete("widgets.example.com");
  await pass(60_000);
  assert.ok(await isGone(() => client.resource(CustomResourceDefinition).get("widgets.example.com")));
  assert.ok(await isGone(() => client.resource(ConfigMap, "default").get("dependent")));
  await cluster.close();
});

test("what was defined before is served from the start, with its objects", { timeout: 60_000 }, async () => {
  const storage = memoryStorage({ clock: realClock });
  const before = await startCluster({ storage, controllers: false });
  await (await define(before.client)).create({ metadata: { name: "kept" } } as never);
  await before.close();
  const cluster = await startCluster({ storage, controllers: false });
  const kept = await cluster.client.resource(widgetsOf, "default").get("kept");
  assert.equal(kept.metadata.name, "kept");
  await cluster.close();
  await storage.close();
});
