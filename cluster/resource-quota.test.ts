import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { Namespace } from "../api/core/v1/namespace.ts";
import { Pod } from "../api/core/v1/pod.ts";
import { ResourceQuota } from "../api/core/v1/resource-quota.ts";
import { isForbidden } from "../apimachinery/errors/api-error.ts";
import { withWorkloads } from "./testing/workloads.ts";

const spec = { containers: [{ name: "c", image: "x" }] };

test("a quota counts what comes and what goes, of any resource", { timeout: 60_000 }, async () => {
  await withWorkloads({}, async ({ cluster, until }) => {
    await cluster.client.resource(Namespace).create({ metadata: { name: "team" } });
    const quotas = cluster.client.resource(ResourceQuota, "team");
    const pods = cluster.client.resource(Pod, "team");
    const maps = cluster.client.resource(ConfigMap, "team");
    await until(async () => (await maps.list()).items.length === 1);
    await quotas.create({ metadata: { name: "q" }, spec: { hard: { pods: "2", "count/configmaps": "2" } } });
    const used = async () => (await quotas.get("q")).status?.used;
    await until(async () => (await used())?.["count/configmaps"] === "1");
    assert.deepEqual(await used(), { pods: "0", "count/configmaps": "1" });

    await pods.create({ metadata: { name: "a" }, spec });
    await pods.create({ metadata: { name: "b" }, spec });
    await maps.create({ metadata: { name: "m" } });
    assert.deepEqual(await used(), { pods: "2", "count/configmaps": "2" });
    await assert.rejects(pods.create({ metadata: { name: "c" }, spec }), (error: Error) => {
      assert.ok(isForbidden(error));
      assert.equal(
        error.message,
        'pods "c" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: pods=2',
      );
      return true;
    });
    await maps.delete("m");
    await pods.delete("a", { gracePeriodSeconds: 0 });
    const tookMs = await until(
      async () =>
        JSON.stringify(await used()) === '{"count/configmaps":"1","pods":"1"}' ||
        JSON.stringify(await used()) === '{"pods":"1","count/configmaps":"1"}',
    );
    assert.ok(tookMs <= 1_000, `${tookMs} ms`);
    await pods.create({ metadata: { name: "c" }, spec });
  });
});

test("of many creates at once, and deletes among them, no more pods than allowed are ever there", {
  timeout: 60_000,
}, async () => {
  await withWorkloads({}, async ({ cluster, clock, until }) => {
    await cluster.client.resource(Namespace).create({ metadata: { name: "team" } });
    const quotas = cluster.client.resource(ResourceQuota, "team");
    const pods = cluster.client.resource(Pod, "team");
    await quotas.create({ metadata: { name: "q" }, spec: { hard: { pods: "5" } } });
    await until(async () => (await quotas.get("q")).status?.used?.["pods"] === "0");
    await until(async () =>
      pods.create({ metadata: { name: "first" }, spec }).then(
        () => true,
        () => false,
      ),
    );
    for (let round = 0; round < 5; round++) {
      const creates = Array.from({ length: 12 }, (_, i) =>
        pods.create({ metadata: { name: `p-${round}-${i}` }, spec }).catch((error: unknown) => {
          assert.ok(isForbidden(error), String(error));
        }),
      );
      const { items } = await pods.list();
      assert.ok(items.length <= 5);
      const deletes = items.slice(0, 2).map(({ metadata }) => pods.delete(metadata.name!, { gracePeriodSeconds: 0 }));
      await Promise.all([...creates, ...deletes, clock.advance(50)]);
      assert.ok((await pods.list()).items.length <= 5);
      await until(
        async () => Number((await quotas.get("q")).status?.used?.["pods"]) === (await pods.list()).items.length,
      );
    }
  });
});
