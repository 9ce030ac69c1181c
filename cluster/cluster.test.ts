import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { isConflict, isForbidden, isNotFound } from "../apimachinery/errors/api-error.ts";
import { startCluster } from "./cluster.ts";

test("a cluster inside a test stores, changes and forgets an object", async () => {
  const cluster = await startCluster();
  try {
    const configMaps = cluster.client.resource(ConfigMap, "default");
    const created = await configMaps.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a" },
      data: { key: "1" },
    });
    assert.equal(created.data?.["key"], "1");
    assert.ok(Object.isFrozen(created.metadata));
    const updated = await configMaps.update({ ...created, data: { key: "2" } });
    assert.equal(updated.data?.["key"], "2");
    await assert.rejects(configMaps.update({ ...created, data: { key: "3" } }), isConflict);
    await configMaps.delete("a");
    await assert.rejects(configMaps.get("a"), isNotFound);
  } finally {
    await cluster.close();
  }
});

test("somebody without a role may nothing", async () => {
  const cluster = await startCluster();
  try {
    const nobody = cluster.clientAs({ username: "jane", groups: ["system:authenticated"] });
    await assert.rejects(nobody.resource(ConfigMap, "default").get("a"), isForbidden);
  } finally {
    await cluster.close();
  }
});

test("under virtual time two runs from one seed are the same", async () => {
  const run = async (): Promise<unknown> => {
    const cluster = await startCluster({ time: "virtual", seed: 7 });
    try {
      const configMaps = cluster.client.resource(ConfigMap, "default");
      const { metadata } = await configMaps.create({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { generateName: "a-" },
      });
      return metadata;
    } finally {
      await cluster.close();
    }
  };
  assert.deepEqual(await run(), await run());
});
