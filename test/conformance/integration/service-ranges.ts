import assert from "node:assert/strict";
import { test } from "node:test";
import { realClock } from "../../../base/mod.ts";
import { memoryStorage } from "../../../storage/memory/memory.ts";
import type { Storage } from "../../../storage/storage.ts";
import { isRefused } from "../../support/api-operations.ts";
import { eventually } from "../../support/eventually.ts";
import type { Thing } from "../../support/typed-client.ts";
import { describeUpstream, type Upstream, type UpstreamOptions } from "../../support/upstream.ts";

// test/integration/servicecidr, test/integration/network

const small = "192.168.0.0/29";
const withRanges = (clusterIP: string, ...serviceCidrs: string[]): UpstreamOptions => ({
  more: { serviceCidrs, service: { clusterIP, endpoint: undefined } },
});
const make = (name: string, more: object = {}): object => ({
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...more },
});
const full = /^Internal error occurred: failed to allocate a serviceIP for Service "fail": range is full$/;

const isReady = (use: Upstream, name: string, status = "True"): Promise<Thing> =>
  eventually(async () => {
    const range = await use.typed("servicecidrs").get(name);
    const ready = (range["status"].conditions ?? []).find((one: Thing) => one["type"] === "Ready");
    assert.equal(ready?.status, status);
    return range;
  });
const addRange = async (use: Upstream, name: string, cidr: string): Promise<void> => {
  await use.typed("servicecidrs").create({ metadata: { name }, spec: { cidrs: [cidr] } });
  await isReady(use, name);
};
const isGone = (use: Upstream, name: string): Promise<unknown> =>
  eventually(() => isRefused(use.typed("servicecidrs").get(name), 404));

describeUpstream(
  "Ranges of services that come and go",
  (use) => {
    test("TestServiceAllocation, TestServiceAllocNewServiceCIDR, TestServiceCIDRDeletion", async () => {
      const services = use.typed("services", await use.makeNamespace());
      const standard = await isReady(use, "kubernetes");
      assert.deepEqual(standard.metadata.finalizers, ["networking.k8s.io/service-cidr-finalizer"]);
      for (let i = 0; i < 5; i++) await services.create(make(`svc-${i}`));
      await isRefused(services.create(make("fail")), 500, full);
      await services.delete("svc-0");
      const freed = await services.create(make("svc-5"));
      assert.match(freed["spec"].clusterIP, /^192\.168\.0\.[1-6]$/);

      await addRange(use, "cidr1", small);
      await use.typed("servicecidrs").delete("cidr1");
      await isGone(use, "cidr1");
      await addRange(use, "cidr2", "10.0.0.0/24");
      for (let i = 10; i < 60; i++) await services.create(make(`svc-${i}`));
      for (let i = 11; i < 60; i++) await services.delete(`svc-${i}`);
      assert.match((await services.get("svc-10"))["spec"].clusterIP, /^10\.0\.0\./);
      await addRange(use, "cidr3", "10.0.0.0/16");
      await use.typed("servicecidrs").delete("cidr2");
      await isGone(use, "cidr2");
      await use.typed("servicecidrs").delete("cidr3");
      await isReady(use, "cidr3", "False");
      await services.delete("svc-10");
      await isGone(use, "cidr3");
    });
  },
  withRanges("192.168.0.1", small),
);

describeUpstream(
  "A range of 28 bits",
  (use) => {
    test("TestServiceCIDR28bits", async () => {
      await use.typed("services", await use.makeNamespace()).create(make("test-1234"));
    });
  },
  withRanges("10.0.0.1", "10.0.0.0/28"),
);

const storage: Storage = memoryStorage({ clock: realClock });

describeUpstream(
  "A cluster before it moves to another range",
  (use) => {
    test("TestMigrateServiceCIDR: services are made anew in the next range", async () => {
      const services = use.typed("services", "default");
      for (let i = 0; i < 2; i++) await services.create(make(`svc-${i}`));
      await addRange(use, "migration-cidr", "10.168.0.0/24");
      await use.typed("servicecidrs").delete("kubernetes");
      await isReady(use, "kubernetes", "False");
      for (let i = 0; i < 2; i++) {
        await services.delete(`svc-${i}`);
        assert.match((await services.create(make(`svc-${i}`)))["spec"].clusterIP, /^10\.168\.0\./);
      }
    });
  },
  { storage, ...withRanges("192.168.0.1", small) },
);

describeUpstream(
  "The same cluster in its new range",
  (use) => {
    test("TestMigrateServiceCIDR: the server's own service and range move too", async () => {
      await use
        .typed("services", "default")
        .delete("kubernetes")
        .catch(() => {});
      await eventually(async () => {
        const range = await use.typed("servicecidrs").get("kubernetes");
        assert.deepEqual(range["spec"].cidrs, ["10.168.0.0/24"]);
        assert.equal(range.metadata.deletionTimestamp, undefined);
      });
      await isReady(use, "kubernetes");
      await eventually(async () => {
        const service = await use.typed("services", "default").get("kubernetes");
        assert.match(service["spec"].clusterIP, /^10\.168\.0\./);
      });
    });
  },
  { storage, ...withRanges("10.168.0.1", "10.168.0.0/24") },
);

describeUpstream(
  "The address of a service that lingers",
  (use) => {
    test("TestServicesFinalizersRepairLoop", async () => {
      const services = use.typed("services", "default");
      const spec = { clusterIP: "10.96.0.20", type: "NodePort", ports: [{ port: 8443, nodePort: 30443 }] };
      const own = { metadata: { name: "svc", finalizers: ["foo.bar/some-finalizer"] }, spec };
      await services.create(own);
      await services.delete("svc");
      assert.equal((await services.get("svc"))["spec"].clusterIP, "10.96.0.20");
      await isRefused(
        services.create(make("other", { clusterIP: "10.96.0.20" })),
        422,
        /provided IP is already allocated/,
      );
      await services.patch("svc", "json", [{ op: "remove", path: "/metadata/finalizers" }]);
      await isRefused(services.get("svc"), 404);
      await eventually(() => services.create(own));
    });
  },
  { controllers: false },
);
