import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplicaSet } from "../api/apps/v1/replicaset.ts";
import { Endpoints } from "../api/core/v1/endpoints.ts";
import { Service } from "../api/core/v1/service.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import { withWorkloads } from "./testing/workloads.ts";

test("a service's Endpoints have its ready pods, and go with it; those made by hand stay", {
  timeout: 60_000,
}, async () => {
  await withWorkloads({}, async ({ cluster, until, clock }) => {
    const all = cluster.client.resource(Endpoints, "default");
    const subsets = [{ addresses: [{ ip: "192.0.2.1" }], ports: [{ port: 80 }] }];
    await all.create({ metadata: { name: "by-hand" }, subsets } as never);
    const labels = { app: "web" };
    const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "nginx" }] } };
    const services = cluster.client.resource(Service, "default");
    await services.create({ metadata: { name: "web" }, spec: { selector: labels, ports: [{ port: 80 }] } } as never);
    await cluster.client
      .resource(ReplicaSet, "default")
      .create({ metadata: { name: "web" }, spec: { replicas: 3, selector: { matchLabels: labels }, template } });
    const ready = async () => {
      try {
        return (await all.get("web")).subsets?.[0]?.addresses?.length ?? 0;
      } catch (error) {
        if (isNotFound(error)) return -1;
        throw error;
      }
    };
    await until(async () => (await ready()) === 3);
    const { metadata, subsets: found } = await all.get("web");
    assert.deepEqual(metadata.labels, { "endpoints.kubernetes.io/managed-by": "endpoint-controller" });
    assert.deepEqual(found?.[0]?.ports, [{ port: 80, protocol: "TCP" }]);
    const { resourceVersion } = metadata;
    await clock.advance(5_000);
    assert.equal((await all.get("web")).metadata.resourceVersion, resourceVersion, "nothing is written for nothing");
    await services.delete("web");
    await until(async () => (await ready()) === -1);
    assert.equal((await all.get("by-hand")).subsets?.length, 1);
  });
});
