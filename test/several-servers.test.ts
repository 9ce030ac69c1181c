import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { Service } from "../api/core/v1/service.ts";
import { IPAddress } from "../api/networking/v1/ip-address.ts";
import {
  type ApiError,
  isAlreadyExists,
  isConflict,
  isInternalError,
  isInvalid,
  isNotFound,
} from "../apimachinery/errors/api-error.ts";
import { realClock } from "../base/mod.ts";
import { type Cluster, startCluster } from "../cluster/mod.ts";
import { allocationsOf, assertInAgreement, heldBy } from "../cluster/testing/services.ts";
import { etcdStorage } from "../storage/etcd/etcd.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../storage/etcd/testing/etcd-server.ts";
import { memoryStorage } from "../storage/memory/memory.ts";
import type { Storage } from "../storage/storage.ts";
import { eventually } from "./support/eventually.ts";

interface Servers {
  /** Each of a process of its own, as far as the store can tell. */
  readonly clusters: readonly [Cluster, Cluster];
  /** Of the first one. */
  readonly storage: Storage;
  close(): Promise<void>;
}

/** Few addresses, so that servers are in each other's way: 10.96.0.1 to 10.96.0.30. */
const serviceCidr = "10.96.0.0/27";

async function inMemory(): Promise<Servers> {
  const storage = memoryStorage({ clock: realClock });
  const clusters = await Promise.all([startCluster({ storage, serviceCidr }), startCluster({ storage, serviceCidr })]);
  return { clusters, storage, close: () => closeAll(clusters, [storage]) };
}

async function onEtcd(server: EtcdServer): Promise<Servers> {
  const open = () => etcdStorage({ endpoints: [server.endpoint], clock: realClock });
  const storages = await Promise.all([open(), open()]);
  const [one, two] = storages;
  const clusters = await Promise.all([
    startCluster({ storage: one, serviceCidr }),
    startCluster({ storage: two, serviceCidr }),
  ]);
  return { clusters, storage: one, close: () => closeAll(clusters, storages) };
}

async function closeAll(clusters: readonly Cluster[], storages: readonly Storage[]): Promise<void> {
  await Promise.all(clusters.map((cluster) => cluster.close()));
  await Promise.all(storages.map((storage) => storage.close()));
}

type Step = {
  readonly server: number;
  readonly what: "create" | "static" | "nodePort" | "balanced" | "delete" | "external" | "internal";
  readonly name: number;
  readonly at: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  server: fc.nat({ max: 1 }),
  what: fc.constantFrom<Step["what"]>("create", "static", "nodePort", "balanced", "delete", "external", "internal"),
  name: fc.nat({ max: 11 }),
  at: fc.nat({ max: 31 }),
});

/** What an answer may be that is no success: somebody else has it, has gone, or was faster. */
function isExpected(error: unknown): boolean {
  const full = isInternalError(error) && /range is full/.test((error as ApiError).message);
  const taken =
    isInvalid(error) && /already allocated|does not match the current range/.test((error as ApiError).message);
  return full || taken || isAlreadyExists(error) || isNotFound(error) || isConflict(error);
}

async function take({ clusters }: Servers, { server, what, name: n, at }: Step): Promise<void> {
  const services = clusters[server]!.client.resource(Service, "default");
  const name = `s${n}`;
  const ports = [{ port: 80 }];
  const make = (spec: object): Promise<unknown> =>
    services.create({ metadata: { name }, spec: { ports, ...spec } } as never);
  const change = (spec: object): Promise<unknown> => services.patch(name, { type: "merge", body: { spec } });
  const steps: Readonly<Record<Step["what"], () => Promise<unknown>>> = {
    create: () => make({}),
    static: () => make({ clusterIP: `10.96.0.${at}` }),
    nodePort: () =>
      make({
        type: "NodePort",
        ports: [
          { name: "a", port: 80, nodePort: 30_000 + at },
          { name: "b", port: 81 },
        ],
      }),
    balanced: () => make({ type: "LoadBalancer", externalTrafficPolicy: "Local" }),
    delete: () => services.delete(name),
    external: () =>
      change({ type: "ExternalName", externalName: "a.example.com", clusterIP: null, clusterIPs: null, ports: null }),
    internal: () => change({ type: "NodePort", externalName: null, ports }),
  };
  try {
    await steps[what]();
  } catch (error) {
    if (!isExpected(error)) throw error;
  }
}

function describeServers(name: string, open: () => Promise<Servers>, runs: number): void {
  describe(`two servers on one store (${name})`, { timeout: 300_000 }, () => {
    let servers: Servers;
    before(async () => {
      servers = await open();
    });
    after(() => servers?.close());

    const empty = async (): Promise<void> => {
      const [one] = servers.clusters;
      await one.client.resource(Service, "default").deleteCollection({ fieldSelector: "metadata.name!=kubernetes" });
    };

    test("both start at once, and one has made the service kubernetes", async () => {
      for (const cluster of servers.clusters) {
        const { addresses } = await heldBy(cluster);
        assert.deepEqual([...addresses], [["10.96.0.1", "default/kubernetes"]]);
      }
    });

    test("never give out an address or a port twice, whatever both are asked at once, and get all back", async () => {
      const burst = fc.array(step, { minLength: 4, maxLength: 24 });
      await fc.assert(
        fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 3 }), async (bursts) => {
          for (const steps of bursts) {
            await Promise.all(steps.map((one) => take(servers, one)));
            for (const cluster of servers.clusters) await heldBy(cluster);
          }
          await empty();
          await eventually(() => assertInAgreement(servers.clusters[0], servers.storage));
          const { addresses, ports } = await allocationsOf(servers.clusters[1], servers.storage);
          assert.deepEqual([[...addresses.keys()], ports], [["10.96.0.1"], []]);
        }),
        { numRuns: runs, endOnFailure: true },
      );
    });

    test("give out every address of a range and not one more, and every port", async () => {
      const names = Array.from({ length: 40 }, (_, i) => i);
      const made = await Promise.all(
        names.map(async (i) => {
          const services = servers.clusters[i % 2]!.client.resource(Service, "default");
          const spec = { type: "NodePort", ports: [{ port: 80 }] } as const;
          try {
            await services.create({ metadata: { name: `n${i}` }, spec });
            return true;
          } catch (error) {
            assert.match((error as Error).message, /failed to allocate a serviceIP for Service "n\d+": range is full/);
            return false;
          }
        }),
      );
      assert.equal(made.filter(Boolean).length, 29);
      const { addresses, ports } = await heldBy(servers.clusters[0]);
      assert.deepEqual([addresses.size, ports.length], [30, 29]);
      await assertInAgreement(servers.clusters[0], servers.storage);
      await empty();
      assert.equal((await servers.clusters[1].client.resource(IPAddress).list()).items.length, 1);
    });

    test("what one gives back, the other gives out at once", async () => {
      const [one, two] = servers.clusters.map(({ client }) => client.resource(Service, "default"));
      const wanted = { clusterIP: "10.96.0.9", type: "NodePort", ports: [{ port: 80, nodePort: 31_000 }] } as const;
      for (let i = 0; i < 10; i++) {
        await one!.create({ metadata: { name: "a" }, spec: wanted });
        await assert.rejects(
          two!.create({ metadata: { name: "b" }, spec: wanted }),
          /provided IP is already allocated/,
        );
        await one!.delete("a");
        await two!.create({ metadata: { name: "b" }, spec: wanted });
        await two!.delete("b");
      }
      await assertInAgreement(servers.clusters[0], servers.storage);
    });
  });
}

describeServers("memory", inMemory, 100);

if (etcdMissing() === undefined) {
  let server: EtcdServer | undefined;
  before(async () => {
    server = await startEtcd();
  });
  after(() => server?.dispose());
  describeServers("etcd", () => onEtcd(server!), 30);
} else {
  test("two servers on etcd", { skip: etcdMissing() ?? false }, () => {});
}
