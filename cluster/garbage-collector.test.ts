import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { isNotFound } from "../apimachinery/errors/api-error.ts";
import type { OwnerReference } from "../apimachinery/resource/object.ts";
import { CapturingLogger, type Random, SeededRandom } from "../base/mod.ts";
import { createClient, type ResourceClient } from "../client/mod.ts";
import { runAllControllers } from "../controllers/mod.ts";
import { laggingTransport } from "../controllers/runner/testing/lagging-transport.ts";
import { type Cluster, startCluster } from "./cluster.ts";

const timeout = 120_000;
/** Long enough for every chain of these to be collected, one link after the other. */
const quietMs = 20_000;

/** Names of objects, and of the owners of each: what should be. */
type Model = Map<string, Set<string>>;

/** Whose owners have all gone goes too; references to what is gone go. */
function collect(model: Model, gone: Set<string>): void {
  for (let found = true; found; ) {
    found = false;
    for (const [name, owners] of model) {
      if (gone.has(name) || owners.size === 0 || ![...owners].every((owner) => gone.has(owner))) continue;
      gone.add(name);
      found = true;
    }
  }
  for (const name of gone) model.delete(name);
  for (const owners of model.values()) for (const name of gone) owners.delete(name);
}

/** Some objects, each with up to three owners among all of them, circles included. */
async function populate(configMaps: ResourceClient<ConfigMap>, random: Random): Promise<Model> {
  const names = Array.from({ length: 5 + random.below(20) }, (_, i) => `o${i}`);
  const created = new Map<string, ConfigMap>();
  for (const name of names) created.set(name, await configMaps.create({ metadata: { name } }));
  const model: Model = new Map();
  for (const name of names) {
    const owners = new Set(Array.from({ length: random.below(4) }, () => names[random.below(names.length)]!));
    owners.delete(name);
    model.set(name, owners);
    const ownerReferences = [...owners].map((owner): OwnerReference => {
      const uid = created.get(owner)!.metadata.uid ?? "";
      return { apiVersion: "v1", kind: "ConfigMap", name: owner, uid, blockOwnerDeletion: random.below(2) === 0 };
    });
    if (owners.size > 0) await configMaps.patch(name, { type: "merge", body: { metadata: { ownerReferences } } });
  }
  return model;
}

async function modelOf(configMaps: ResourceClient<ConfigMap>): Promise<Model> {
  const { items } = await configMaps.list({ fieldSelector: "metadata.name!=kube-root-ca.crt" });
  return new Map(
    items.map(({ metadata }) => [
      metadata.name ?? "",
      new Set((metadata.ownerReferences ?? []).map(({ name }) => name)),
    ]),
  );
}

const sorted = (model: Model): object =>
  Object.fromEntries([...model].sort().map(([name, owners]) => [name, [...owners].sort()]));

/** Controllers that hear of everything late, and whose requests take their time. */
async function withLateControllers(
  seed: number,
  fn: (cluster: Cluster, random: Random) => Promise<void>,
): Promise<void> {
  const random = new SeededRandom(seed);
  const logger = new CapturingLogger();
  const cluster = await startCluster({ time: "virtual", seed });
  const { clock } = cluster;
  const stop = new AbortController();
  const lag = { clock, random, watchMs: 30, requestMs: 5 };
  const running = runAllControllers(
    {
      clientAs: (user) => createClient(laggingTransport(cluster.transport(user), lag)),
      clock,
      random,
      logger,
      rootCa: "",
    },
    stop.signal,
  );
  try {
    await cluster.virtualClock!.advance(quietMs);
    await fn(cluster, random);
  } finally {
    stop.abort();
    await cluster.virtualClock!.runUntil(running);
    await cluster.close();
  }
}

test("what is left is what has an owner left, or never had one, in any order of deletions and with old news", {
  timeout,
}, async () => {
  for (let seed = 1; seed <= 25; seed++) {
    await withLateControllers(seed, async (cluster, random) => {
      const configMaps = cluster.client.resource(ConfigMap, "default");
      const model = await populate(configMaps, random);
      await cluster.virtualClock!.advance(random.below(3) * 1_000);
      for (let round = 0; round < 4 && model.size > 0; round++) {
        const names = [...model.keys()];
        const victims = new Set(Array.from({ length: 1 + random.below(3) }, () => names[random.below(names.length)]!));
        for (const name of victims) {
          const propagationPolicy = random.below(2) === 0 ? "Background" : "Foreground";
          await configMaps.delete(name, { propagationPolicy }).catch((error: unknown) => {
            // Collected already, after the one before it.
            if (!isNotFound(error)) throw error;
          });
          await cluster.virtualClock!.advance(random.below(40));
        }
        collect(model, victims);
        await cluster.virtualClock!.advance(quietMs);
        assert.deepEqual(sorted(await modelOf(configMaps)), sorted(model), `seed ${seed}, round ${round}`);
      }
    });
  }
});

test("orphaned dependents stay whatever else they have", { timeout }, async () => {
  for (let seed = 1; seed <= 10; seed++) {
    await withLateControllers(seed, async (cluster, random) => {
      const configMaps = cluster.client.resource(ConfigMap, "default");
      const model = await populate(configMaps, random);
      await cluster.virtualClock!.advance(quietMs);
      for (let round = 0; round < 4 && model.size > 0; round++) {
        const names = [...model.keys()];
        const victim = names[random.below(names.length)]!;
        await configMaps.delete(victim, { propagationPolicy: "Orphan" });
        model.delete(victim);
        for (const owners of model.values()) owners.delete(victim);
        await cluster.virtualClock!.advance(quietMs);
        assert.deepEqual(sorted(await modelOf(configMaps)), sorted(model), `seed ${seed}, round ${round}`);
      }
    });
  }
});
