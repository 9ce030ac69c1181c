import assert from "node:assert/strict";
import { test } from "node:test";
import { Deployment } from "../api/apps/v1/deployment.ts";
import { ConfigMap } from "../api/core/v1/config-map.ts";
import { ApiError, isAlreadyExists, isConflict, isNotFound } from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { WatchEvent } from "../apimachinery/resource/transport.ts";
import { SeededRandom, type VirtualClock } from "../base/mod.ts";
import type { Client } from "../client/mod.ts";
import { type Cluster, startCluster } from "./cluster.ts";

interface Counted extends ApiObject {
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: { readonly replicas?: number };
}

type Change = Extract<WatchEvent<Counted>, { readonly type: "ADDED" | "MODIFIED" | "DELETED" }>;

const names = ["a", "b", "c", "d"];
const finalizer = "example.com/hold";
const clients = 4;
const operations = 40;

/** What a client was told of a write that was taken. */
interface Acknowledged {
  readonly name: string;
  readonly resourceVersion: string;
}

const labels = { app: "x" };
const deployment = (name: string, replicas: number): object => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }] } },
  },
});

const kinds = [
  {
    definition: ConfigMap,
    make: (name: string, n: number): object => ({ metadata: { name }, data: { n: String(n) } }),
    patch: (n: number): object => ({ data: { n: String(n) } }),
  },
  {
    definition: Deployment,
    make: deployment,
    patch: (n: number): object => ({ spec: { replicas: n } }),
  },
] as const;

for (const { definition, make, patch } of kinds) {
  test(`${definition.kind}s: whatever several clients do at once, no write is lost and a watch is the list`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const cluster = await startCluster({ time: "virtual", seed });
      const clock = cluster.virtualClock!;
      try {
        const run = await clock.runUntil(history(cluster, clock, seed, definition as never, make, patch));
        check(run, seed);
      } finally {
        await clock.runUntil(cluster.close());
      }
    }
  });
}

interface Run {
  readonly events: readonly Change[];
  readonly acknowledged: readonly Acknowledged[];
  readonly final: readonly Counted[];
}

async function history(
  cluster: Cluster,
  clock: VirtualClock,
  seed: number,
  definition: typeof ConfigMap,
  make: (name: string, n: number) => object,
  patch: (n: number) => object,
): Promise<Run> {
  const resource = (client: Client) => client.resource(definition, "default") as never as ReturnType<typeof counted>;
  const all = resource(cluster.client);
  const { metadata } = await all.list();
  const events: Change[] = [];
  const stop = new AbortController();
  const watching = (async () => {
    const options = { resourceVersion: metadata.resourceVersion ?? "", signal: stop.signal };
    for await (const event of all.watch(options)) {
      if (event.type !== "BOOKMARK") {
        events.push(event);
      }
    }
  })();
  const acknowledged: Acknowledged[] = [];
  const work = async (id: number): Promise<void> => {
    const random = new SeededRandom(seed * 100 + id);
    for (let i = 0; i < operations; i++) {
      await clock.sleep(random.below(4));
      const name = names[random.below(names.length)]!;
      try {
        const taken = await step(all, random, name, make, patch);
        if (taken?.metadata?.resourceVersion !== undefined && taken.kind !== "Status") {
          acknowledged.push({ name, resourceVersion: taken.metadata.resourceVersion });
        }
      } catch (error) {
        assert.ok(
          isConflict(error) || isNotFound(error) || isAlreadyExists(error) || isForbiddenFinalizer(error),
          String(error),
        );
      }
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, id) => work(id)));
  const final = (await all.list()).items;
  await clock.sleep(10);
  stop.abort();
  await watching;
  return { events, acknowledged, final };
}

/** No finalizer may be added to what is being deleted. */
function isForbiddenFinalizer(error: unknown): boolean {
  return error instanceof ApiError && error.code === 422 && error.message.includes("metadata.finalizers");
}

const counted = (client: Client) => client.resource<Counted>(ConfigMap as never, "default");

/** One operation of one client; its answer where it wrote. */
async function step(
  all: ReturnType<typeof counted>,
  random: SeededRandom,
  name: string,
  make: (name: string, n: number) => object,
  patch: (n: number) => object,
): Promise<ApiObject | undefined> {
  const n = random.below(3);
  switch (random.below(8)) {
    case 0:
    case 1:
      return all.create(make(name, n) as never);
    case 2: {
      const current = await all.get(name);
      return all.update({ ...current, ...(make(name, n) as Counted), metadata: current.metadata } as never);
    }
    case 3:
      return all.patch(name, { type: "merge", body: patch(n) });
    case 4:
      return all.patch(name, { type: "merge", body: { metadata: { labels: { n: String(n) } } } });
    case 5:
      return all.patch(name, { type: "merge", body: { metadata: { finalizers: n === 0 ? [finalizer] : null } } });
    case 6:
      await all.create({ ...make(name, n) } as never, { dryRun: true });
      return undefined;
    default:
      await all.delete(name);
      return undefined;
  }
}

function check({ events, acknowledged, final }: Run, seed: number): void {
  const state = new Map<string, Counted>();
  const told = new Set<string>();
  let last = 0;
  for (const { type, object } of events) {
    const { name = "", resourceVersion = "" } = object.metadata;
    const where = `seed ${seed}, ${type} ${name} at ${resourceVersion}`;
    assert.ok(Number(resourceVersion) > last, `${where}: out of order`);
    last = Number(resourceVersion);
    const before = state.get(name);
    assert.equal(before === undefined, type === "ADDED", `${where}: the type does not follow from what was before`);
    told.add(`${name}@${resourceVersion}`);
    if (type === "DELETED") {
      assert.equal(before?.metadata.uid, object.metadata.uid, where);
      state.delete(name);
      continue;
    }
    if (before !== undefined) {
      checkStep(before, object, where);
    }
    state.set(name, object);
  }
  for (const { name, resourceVersion } of acknowledged) {
    const known = told.has(`${name}@${resourceVersion}`);
    assert.ok(known, `seed ${seed}: the write of ${name} acknowledged at ${resourceVersion} was never told`);
  }
  assert.ok(acknowledged.length > operations, `seed ${seed}: hardly a write was taken`);
  assert.deepEqual(
    [...state.values()].sort(byName),
    [...final].sort(byName),
    `seed ${seed}: the watch is not the list`,
  );
}

/** The rules between two states of one object. */
function checkStep(before: Counted, after: Counted, where: string): void {
  assert.equal(after.metadata.uid, before.metadata.uid, `${where}: another object without a deletion between`);
  assert.equal(after.metadata.creationTimestamp, before.metadata.creationTimestamp, where);
  if (before.metadata.deletionTimestamp !== undefined) {
    assert.equal(after.metadata.deletionTimestamp, before.metadata.deletionTimestamp, `${where}: came back to life`);
    assert.ok((before.metadata.finalizers ?? []).length > 0, `${where}: changed after it was gone`);
  }
  if (before.metadata.generation !== undefined) {
    const changed = before.spec?.replicas !== after.spec?.replicas;
    const marked = before.metadata.deletionTimestamp === undefined && after.metadata.deletionTimestamp !== undefined;
    const rises = (changed ? 1 : 0) + (marked ? 1 : 0);
    assert.equal(after.metadata.generation, before.metadata.generation + rises, `${where}: generation`);
  }
}

function byName(a: Counted, b: Counted): number {
  return (a.metadata.name ?? "") < (b.metadata.name ?? "") ? -1 : 1;
}

test("many writers count to the same number by updates that may conflict and by patches that may not", async () => {
  const cluster = await startCluster({ time: "virtual", seed: 3 });
  const clock = cluster.virtualClock!;
  try {
    const all = counted(cluster.client);
    await all.create({ metadata: { name: "counter" }, data: { n: "0" } });
    const writer = async (id: number): Promise<void> => {
      const random = new SeededRandom(id);
      for (let done = 0; done < 10; ) {
        const current = await all.get("counter");
        await clock.sleep(random.below(3));
        const next = String(Number(current.data?.["n"]) + 1);
        try {
          if (id % 2 === 0) {
            await all.update({ ...current, data: { ...current.data, n: next } });
          } else {
            const { resourceVersion = "" } = current.metadata;
            await all.patch("counter", { type: "merge", body: { metadata: { resourceVersion }, data: { n: next } } });
          }
          done++;
        } catch (error) {
          assert.ok(isConflict(error), String(error));
        }
      }
      // Patches of fields of their own are applied anew to whatever state there is: none ever conflicts.
      await all.patch("counter", { type: "merge", body: { data: { [`writer-${id}`]: "done" } } });
    };
    await clock.runUntil(Promise.all(Array.from({ length: 8 }, (_, id) => writer(id))));
    const { data } = await all.get("counter");
    assert.equal(data?.["n"], "80");
    assert.equal(Object.keys(data ?? {}).length, 9);
  } finally {
    await clock.runUntil(cluster.close());
  }
});
