import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoints } from "../api/core/v1/endpoints.ts";
import { Service } from "../api/core/v1/service.ts";
import { EndpointSlice } from "../api/discovery/v1/endpoint-slice.ts";
import { withWorkloads } from "./testing/workloads.ts";

test("Endpoints made by hand show as EndpointSlices, through every change and their end", {
  timeout: 60_000,
}, async () => {
  await withWorkloads({}, async ({ cluster, until, clock }) => {
    const { client } = cluster;
    const slices = async () => {
      const labelSelector = "kubernetes.io/service-name=db";
      return (await client.resource(EndpointSlice, "default").list({ labelSelector })).items;
    };
    const all = client.resource(Endpoints, "default");
    const metadata = { name: "db", labels: { team: "a" }, annotations: { note: "x" } };
    const subset = (ips: readonly string[], port: number) => ({
      addresses: ips.map((ip) => ({ ip })),
      ports: [{ port }],
    });
    await all.create({ metadata, subsets: [subset(["192.0.2.1", "2001:db8::1"], 5432)] } as never);
    await clock.advance(1_000);
    assert.equal((await slices()).length, 0, "there is no service yet");
    const services = client.resource(Service, "default");
    await services.create({ metadata: { name: "db" }, spec: { ports: [{ port: 5432 }] } } as never);
    await until(async () => (await slices()).length === 2);
    const v4 = (await slices()).find(({ addressType }) => addressType === "IPv4")!;
    assert.deepEqual(v4.metadata.labels, {
      team: "a",
      "kubernetes.io/service-name": "db",
      "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    });
    assert.equal(v4.metadata.annotations?.["note"], "x");
    assert.deepEqual(v4.endpoints, [{ addresses: ["192.0.2.1"], conditions: { ready: true } }]);
    assert.deepEqual(v4.ports, [{ name: "", port: 5432, protocol: "TCP" }]);
    await all.patch("db", { type: "merge", body: { subsets: [subset(["192.0.2.1", "192.0.2.2"], 5433)] } });
    await until(async () => (await slices()).length === 1 && (await slices())[0]!.ports?.[0]?.port === 5433);
    const [only] = await slices();
    assert.equal(only!.metadata.name, v4.metadata.name, "the same slice, used again");
    const { resourceVersion } = only!.metadata;
    await clock.advance(5_000);
    assert.equal((await slices())[0]!.metadata.resourceVersion, resourceVersion, "nothing is written for nothing");
    await services.patch("db", { type: "merge", body: { spec: { selector: { app: "db" } } } });
    await until(async () =>
      (await slices()).every(
        ({ metadata: { labels } }) =>
          labels?.["endpointslice.kubernetes.io/managed-by"] !== "endpointslicemirroring-controller.k8s.io",
      ),
    );
  });
});
