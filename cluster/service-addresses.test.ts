import assert from "node:assert/strict";
import { test } from "node:test";
import { Endpoints } from "../api/core/v1/endpoints.ts";
import { Service } from "../api/core/v1/service.ts";
import { Event } from "../api/events/v1/event.ts";
import { IPAddress } from "../api/networking/v1/ip-address.ts";
import { ServiceCIDR } from "../api/networking/v1/service-cidr.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import { nodePortsKey } from "../apiserver/services/range-allocation.ts";
import { VirtualClock } from "../base/mod.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import { type Storage, UnknownOutcomeError } from "../storage/storage.ts";
import { type Cluster, type ClusterOptions, startCluster } from "./cluster.ts";
import { allocationsOf, assertInAgreement } from "./testing/services.ts";

const spec = { ports: [{ port: 80 }] };
const nodePort = { type: "NodePort", ...spec } as const;
const loadBalancer = { type: "LoadBalancer", externalTrafficPolicy: "Local", ...spec } as const;

async function withCluster(
  fn: (cluster: Cluster, storage: Storage) => Promise<void>,
  options: ClusterOptions = {},
): Promise<void> {
  const storage = options.storage ?? memoryStorage({ clock: new VirtualClock() });
  const cluster = await startCluster({ time: "virtual", ...options, storage });
  try {
    await fn(cluster, storage);
  } finally {
    await cluster.close();
  }
}

const services = (cluster: Cluster) => cluster.client.resource(Service, "default");
const create = (cluster: Cluster, name: string, what: object = spec): Promise<Service> =>
  services(cluster).create({ metadata: { name }, spec: what } as never);

async function notes(cluster: Cluster): Promise<readonly string[]> {
  const { items } = await cluster.client.resource(Event).listAll();
  return items.map(({ reason, note }) => `${reason}: ${note}`).sort();
}

test("what a service gets is recorded before it is there, and forgotten when it is gone", async () => {
  await withCluster(async (cluster, storage) => {
    for (const [name, what] of Object.entries({ plain: spec, nodes: nodePort, balanced: loadBalancer })) {
      await create(cluster, name, what);
      await assertInAgreement(cluster, storage);
    }
    const { addresses, ports } = await allocationsOf(cluster, storage);
    assert.deepEqual([addresses.size, ports.length], [4, 3]);
    for (const name of ["plain", "nodes", "balanced"]) await services(cluster).delete(name);
    assert.deepEqual(await allocationsOf(cluster, storage), {
      addresses: new Map([["10.96.0.1", "default/kubernetes"]]),
      ports: [],
    });
  });
});

test("a service that is deleted takes its Endpoints along, whoever wrote them", async () => {
  await withCluster(async (cluster) => {
    const endpoints = cluster.client.resource(Endpoints, "default");
    for (const name of ["s", "other"]) {
      await endpoints.create({ metadata: { name }, subsets: [{ addresses: [{ ip: "192.0.2.1" }] }] });
    }
    await create(cluster, "s");
    await services(cluster).delete("s", { dryRun: true });
    assert.equal((await endpoints.list()).items.length, 2);
    await services(cluster).delete("s");
    const { items } = await endpoints.list();
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ["other"],
    );
  });
});

test("what a changed service no longer needs is given back, what it needs anew is taken", async () => {
  await withCluster(
    async (cluster, storage) => {
      const all = services(cluster);
      const change = async (body: object): Promise<void> => {
        await all.patch("s", { type: "merge", body });
        await assertInAgreement(cluster, storage);
      };
      await create(cluster, "s", loadBalancer);
      await change({ spec: { externalTrafficPolicy: "Cluster" } });
      await change({ spec: { ipFamilyPolicy: "PreferDualStack" } });
      assert.equal((await allocationsOf(cluster, storage)).addresses.size, 3);
      await change({ spec: { ipFamilyPolicy: "SingleStack" } });
      await change({ spec: { type: "ClusterIP", ports: [{ port: 80, nodePort: null }] } });
      assert.deepEqual((await allocationsOf(cluster, storage)).ports, []);
      await change({
        spec: { type: "ExternalName", externalName: "a.example.com", clusterIP: null, clusterIPs: null },
      });
      assert.equal((await allocationsOf(cluster, storage)).addresses.size, 1);
      await change({ spec: { type: "NodePort", externalName: null } });
      assert.equal((await allocationsOf(cluster, storage)).ports.length, 1);
    },
    { serviceCidr: "10.96.0.0/16,fd00:96::/112" },
  );
});

test("what is refused, and what only tries, takes nothing", async () => {
  await withCluster(async (cluster, storage) => {
    const all = services(cluster);
    const before = await allocationsOf(cluster, storage);
    await assert.rejects(create(cluster, "s", { ...nodePort, sessionAffinity: "Sometimes" }));
    await assert.rejects(create(cluster, "s", { ...nodePort, ports: [{ port: 80 }, { port: 81, nodePort: 80 }] }));
    await assert.rejects(create(cluster, "kubernetes", nodePort), /already exists/);
    const tried = await all.create({ metadata: { name: "s" }, spec: nodePort } as never, { dryRun: true });
    assert.deepEqual([tried.spec.clusterIP, tried.spec.ports![0]!.nodePort], ["10.96.0.0", 32_769]);
    assert.deepEqual(await allocationsOf(cluster, storage), before);
    await create(cluster, "s", nodePort);
    const kept = await allocationsOf(cluster, storage);
    await all.delete("s", { dryRun: true });
    const unaddressed = { type: "ExternalName", externalName: "a.example.com", clusterIP: null, clusterIPs: null };
    await all.patch("s", { type: "merge", body: { spec: unaddressed } }, { dryRun: true });
    assert.deepEqual(await allocationsOf(cluster, storage), kept);
  });
});

test("an IPAddress that is in use and deleted is there again at once, and that is told", async () => {
  await withCluster(async (cluster, storage) => {
    const { spec: given } = await create(cluster, "s");
    await cluster.client.resource(IPAddress).delete(given.clusterIP!);
    await cluster.virtualClock!.settle();
    await assertInAgreement(cluster, storage);
    assert.deepEqual(await notes(cluster), [
      `ClusterIPNotAllocated: Cluster IP [IPv4]: ${given.clusterIP} is not allocated; repairing`,
    ]);
  });
});

test("an IPAddress that says it is another's, or nobody's, is made anew", async () => {
  await withCluster(async (cluster, storage) => {
    const { spec: given } = await create(cluster, "s");
    const name = given.clusterIP!;
    const addresses = cluster.client.resource(IPAddress);
    for (const parentRef of [
      { resource: "gateways", group: "example.com", name: "s" },
      { resource: "services", namespace: "default", name: "gone" },
      { resource: "services", namespace: "default", name: "kubernetes" },
    ]) {
      await addresses.delete(name);
      // Faster than the repair: it finds another's.
      await addresses.create({ metadata: { name }, spec: { parentRef } } as never).catch(() => {});
      await cluster.virtualClock!.advance(200_000);
      await assertInAgreement(cluster, storage);
    }
    await addresses.patch(name, { type: "merge", body: { metadata: { labels: null } } });
    await cluster.virtualClock!.settle();
    assert.equal((await addresses.get(name)).metadata.labels!["ipaddress.kubernetes.io/ip-family"], "IPv4");
  });
});

/** A store that is asked to write one service, and never says what became of it: as if the server had died. */
function forgetting(storage: Storage, key: string): Storage {
  return new Proxy(storage, {
    get(target, property) {
      if (property === "put") {
        return (at: string, ...rest: [Uint8Array, object]) =>
          at === key ? Promise.reject(new UnknownOutcomeError("no answer")) : target.put(at, ...rest);
      }
      const value = Reflect.get(target, property) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

test("what was taken for a service that was never written is free a minute later, its ports at the third look", async () => {
  const storage = memoryStorage({ clock: new VirtualClock() });
  const options = { storage: forgetting(storage, "/registry/services/specs/default/lost") };
  await withCluster(async (cluster) => {
    const clock = cluster.virtualClock!;
    await assert.rejects(create(cluster, "lost", { ...nodePort, clusterIP: "10.96.0.7" }), /did not answer/);
    await assert.rejects(create(cluster, "s", { clusterIP: "10.96.0.7", ...spec }), /provided IP is already allocated/);
    const { ports } = await allocationsOf(cluster, storage);
    assert.equal(ports.length, 1);
    await clock.advance(59_000);
    assert.ok((await allocationsOf(cluster, storage)).addresses.has("10.96.0.7"));
    await clock.advance(3_000);
    assert.ok(!(await allocationsOf(cluster, storage)).addresses.has("10.96.0.7"));
    assert.deepEqual(await notes(cluster), [
      "IPAddressNotAllocated: IPAddress: 10.96.0.7 for Service default/lost appears to have leaked: cleaning up",
    ]);
    await create(cluster, "s", { clusterIP: "10.96.0.7", ...spec });
    await clock.advance(2 * 180_000);
    assert.deepEqual((await allocationsOf(cluster, storage)).ports, ports);
    await clock.advance(180_000);
    await assertInAgreement(cluster, storage);
  }, options);
});

test("a store that has services and nothing else of them is brought up to date before anything is given out", async () => {
  const storage = memoryStorage({ clock: new VirtualClock() });
  let given: Service["spec"] | undefined;
  await withCluster(
    async (cluster) => {
      given = (await create(cluster, "s", nodePort)).spec;
    },
    { storage },
  );
  for (const { key } of (await storage.range("/registry/ipaddresses/", "/registry/ipaddresses0")).entries) {
    await storage.delete(key);
  }
  await storage.delete("/registry/servicecidrs/kubernetes");
  await storage.delete(nodePortsKey);
  await withCluster(
    async (cluster) => {
      await assertInAgreement(cluster, storage);
      const { clusterIP, ports } = given!;
      await assert.rejects(create(cluster, "t", { ...spec, clusterIP }), /provided IP is already allocated/);
      await assert.rejects(create(cluster, "t", { ...nodePort, ports }), /provided port is already allocated/);
    },
    { storage },
  );
});

test("another ServiceCIDR makes more addresses; it stays while they are needed, and nothing new comes out of it", async () => {
  await withCluster(
    async (cluster) => {
      const clock = cluster.virtualClock!;
      const cidrs = cluster.client.resource(ServiceCIDR);
      const conditionOf = async (name: string) => {
        const { type, status, reason, message } = (await cidrs.get(name)).status.conditions![0]!;
        return { type, status, reason, message };
      };
      for (const name of ["a", "b", "c", "d", "e"]) await create(cluster, name);
      await assert.rejects(create(cluster, "f"), (error: Error) => {
        assert.equal(
          error.message,
          'Internal error occurred: failed to allocate a serviceIP for Service "f": range is full',
        );
        return true;
      });
      await cidrs.create({ metadata: { name: "more" }, spec: { cidrs: ["10.97.0.0/24"] } });
      await clock.advance(1_000);
      const ready = { type: "Ready", status: "True", reason: "", message: "Kubernetes Service CIDR is ready" };
      assert.deepEqual(await conditionOf("more"), ready);
      assert.deepEqual((await cidrs.get("more")).metadata.finalizers, ["networking.k8s.io/service-cidr-finalizer"]);
      const { spec: given } = await create(cluster, "f");
      assert.match(given.clusterIP!, /^10\.97\.0\.\d+$/);
      await cidrs.delete("more");
      await clock.advance(30_000);
      assert.deepEqual(await conditionOf("more"), {
        type: "Ready",
        status: "False",
        reason: "Terminating",
        message:
          "There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR",
      });
      await assert.rejects(create(cluster, "g"), /range is full/);
      await assert.rejects(
        create(cluster, "g", { ...spec, clusterIP: "10.97.0.9" }),
        /does not match the current range/,
      );
      await services(cluster).delete("f");
      await clock.advance(1_000);
      await assert.rejects(cidrs.get("more"), isNotFound);
    },
    { serviceCidr: "10.96.0.0/29", controllers: ["service-cidr-controller"] },
  );
});

test("a ServiceCIDR whose addresses another one has goes ten seconds after it is deleted", async () => {
  await withCluster(
    async (cluster) => {
      const clock = cluster.virtualClock!;
      const cidrs = cluster.client.resource(ServiceCIDR);
      await create(cluster, "s");
      await cidrs.create({ metadata: { name: "wider" }, spec: { cidrs: ["10.96.0.0/12"] } });
      await clock.advance(100);
      await cidrs.delete("kubernetes");
      await clock.advance(9_000);
      assert.ok((await cidrs.get("kubernetes")).metadata.deletionTimestamp);
      await clock.advance(2_000);
      await assert.rejects(cidrs.get("kubernetes"), isNotFound);
      // The server's own range is there again at its next look.
      await clock.advance(10_000);
      assert.deepEqual((await cidrs.get("kubernetes")).spec.cidrs, ["10.96.0.0/16"]);
    },
    { controllers: ["service-cidr-controller"] },
  );
});
