import assert from "node:assert/strict";
import { test } from "node:test";
import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { TransportRequest } from "../../apimachinery/resource/transport.ts";
import { CapturingLogger, MetricsRegistry, SeededRandom, VirtualClock } from "../../base/mod.ts";
import { type Client, createClient, Informers } from "../../client/mod.ts";
import { MemoryApi } from "../../client/testing/memory-api.ts";
import type { Action } from "./action.ts";
import { claim, controllerReference } from "./claim.ts";
import { type Controller, type Declaration, defineController } from "./controller.ts";
import { runControllers } from "./run.ts";
import { laggingTransport } from "./testing/lagging-transport.ts";

const timeout = 60_000;

interface Observed {
  readonly set: ReplicaSet;
  readonly pods: readonly Pod[];
}

function wanted({ spec }: ReplicaSet): number {
  return spec.replicas ?? 0;
}

function plan({ set, pods }: Observed): readonly Action[] {
  const missing = wanted(set) - pods.length;
  const { namespace = "" } = set.metadata;
  const metadata = { generateName: "p-", namespace, ownerReferences: [controllerReference(set, ReplicaSet)] };
  const creates = Array.from(
    { length: Math.max(0, missing) },
    (): Action => ({ type: "create", resource: Pod, object: { metadata } }),
  );
  const surplus = pods.slice(0, Math.max(0, -missing)).map((pod): Action => {
    const { name = "", uid = "" } = pod.metadata;
    return { type: "delete", resource: Pod, namespace, name, uid };
  });
  return [...creates, ...surplus];
}

const declaration: Declaration<ReplicaSet, Observed> = {
  name: "toy-controller",
  serviceAccount: "toy",
  primary: ReplicaSet,
  owns: [Pod],
  workers: 3,
  observe: (set, cache) => ({ set, pods: cache.ownedBy(set, Pod) }),
  plan,
  summarize: ({ pods }) => ({ status: { replicas: pods.length } }),
};

/** Runs controllers against a server whose news is old. */
async function simulate(
  seed: number,
  controllers: readonly Controller[],
  script: (world: World) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock({ settleTurns: 1 });
  const random = new SeededRandom(seed);
  const api = new MemoryApi({ clock, random });
  const logger = new CapturingLogger();
  const client = createClient(api);
  const far = createClient(laggingTransport(api, { clock, random, watchMs: 80, requestMs: 5 }));
  const informers = new Informers({ client: far, clock, random, logger });
  const stop = new AbortController();
  const options = { clientOf: () => far, informers, clock, random, logger, metrics: new MetricsRegistry() };
  const running = runControllers(options, controllers, stop.signal);
  try {
    await script({ clock, random, api, client, logger });
  } finally {
    stop.abort();
    await clock.runUntil(running);
  }
  assert.equal(api.openWatches, 0, `seed ${seed}`);
}

interface World {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly api: MemoryApi;
  readonly client: Client;
  readonly logger: CapturingLogger;
}

/** Of the writes in the simulation, deletions are the test's. */
const isOfController = (request: TransportRequest): boolean => isWrite(request) && request.method !== "DELETE";
const isWrite = ({ method }: TransportRequest): boolean => method !== "GET";
const replicaSet = (name: string, replicas: number): never => ({ metadata: { name }, spec: { replicas } }) as never;

async function podsOf(client: Client, owner: string): Promise<readonly ApiObject[]> {
  const { items } = await client.resource(Pod, "default").list();
  return items.filter(({ metadata }) => metadata.ownerReferences?.some(({ name }) => name === owner));
}

test("never more than what is asked for, whatever fails, and in the end exactly that", { timeout }, async () => {
  for (let seed = 1; seed <= 40; seed++) {
    await simulate(seed, [defineController(declaration)], async ({ clock, random, api, client }) => {
      const sets = client.resource(ReplicaSet, "default");
      const counts = new Map([
        ["a", 1 + random.below(8)],
        ["b", 1 + random.below(8)],
      ]);
      for (const [name, replicas] of counts) await sets.create(replicaSet(name, replicas));
      for (let step = 0; step < 60; step++) {
        await clock.advance(random.below(60));
        for (const [name, replicas] of counts) {
          const pods = await podsOf(client, name);
          assert.ok(pods.length <= replicas, `seed ${seed}: ${pods.length} pods of ${replicas}`);
          const victim = pods[random.below(pods.length || 1)];
          if (victim !== undefined && random.below(6) === 0)
            await client.resource(Pod, "default").delete(victim.metadata.name ?? "");
        }
        if (random.below(15) === 0) api.endWatches();
        if (random.below(15) === 0) api.failNext(() => ApiError.internal(new Error("chance")), isOfController);
      }
      await clock.advance(120_000);
      for (const [name, replicas] of counts) {
        assert.equal((await podsOf(client, name)).length, replicas, `seed ${seed}`);
        const { status } = await sets.get(name);
        assert.equal(status.replicas, replicas, `seed ${seed}`);
      }
    });
  }
});

test("nothing is written where everything is as it should be", { timeout }, async () => {
  await simulate(1, [defineController(declaration)], async ({ clock, api, client }) => {
    await client.resource(ReplicaSet, "default").create(replicaSet("a", 3));
    await clock.advance(30_000);
    const before = api.requests.filter(isWrite).length;
    await clock.advance(3_600_000);
    assert.equal(api.requests.filter(isWrite).length, before);
  });
});

test("no object is deleted twice before its end is seen", { timeout }, async () => {
  await simulate(1, [defineController(declaration)], async ({ clock, api, client }) => {
    const sets = client.resource(ReplicaSet, "default");
    await sets.create(replicaSet("a", 8));
    await clock.advance(30_000);
    const { metadata } = await sets.get("a");
    await sets.update({ metadata, spec: { replicas: 3 } } as never);
    await clock.advance(30_000);
    assert.equal(api.requests.filter(({ method }) => method === "DELETE").length, 5);
    assert.equal((await podsOf(client, "a")).length, 3);
  });
});

test("creates begin with one: where that is refused, few are tried", { timeout }, async () => {
  await simulate(1, [defineController(declaration)], async ({ clock, api, client }) => {
    const isCreate = (request: TransportRequest): boolean =>
      request.method === "POST" && request.path.endsWith("/pods");
    for (let i = 0; i < 3; i++)
      api.failNext(() => ApiError.forbidden({ group: "", resource: "pods" }, "", "exceeded quota"), isCreate);
    await client.resource(ReplicaSet, "default").create(replicaSet("a", 100));
    await clock.advance(30_000);
    const [first, ...rest] = api.requests.filter(isCreate);
    assert.ok(first !== undefined);
    // Three single attempts that were refused, then 1, 2, 4, … 64 and the rest.
    assert.equal(rest.length + 1, 103);
    assert.equal((await podsOf(client, "a")).length, 100);
  });
});

test("a summary wakes its key at the time it names, once", { timeout }, async () => {
  const looks: number[] = [];
  const dueMs = 90_000;
  const watcher = defineController<ReplicaSet, number>({
    name: "waker",
    serviceAccount: "toy",
    primary: ReplicaSet,
    workers: 1,
    observe: (_, _cache, now) => now,
    plan: (now) => {
      looks.push(now);
      return [];
    },
    summarize: (now) => (looks.length < 2 ? { wakeAtMs: now + dueMs } : {}),
  });
  await simulate(1, [watcher], async ({ clock, client }) => {
    await client.resource(ReplicaSet, "default").create(replicaSet("a", 0));
    await clock.advance(300_000);
  });
  assert.equal(looks.length, 2);
  assert.equal(looks[1]! - looks[0]!, dueMs);
});

test("what a plan says of its writes becomes events about the primary object", { timeout }, async () => {
  const talker = defineController<ReplicaSet, Observed>({
    ...declaration,
    plan: (observed) =>
      plan(observed).map((action) => ({
        ...action,
        onDone: (pod) => ({ type: "Normal", reason: "SuccessfulCreate", message: `Created pod: ${pod.metadata.name}` }),
        onFailed: (error) => ({ type: "Warning", reason: "FailedCreate", message: `Error creating: ${error.message}` }),
      })),
  });
  await simulate(1, [talker], async ({ clock, api, client }) => {
    const refused = () => ApiError.forbidden({ group: "", resource: "pods" }, "", "exceeded quota");
    api.failNext(refused, ({ method, path }) => method === "POST" && path.endsWith("/pods"));
    await client.resource(ReplicaSet, "default").create(replicaSet("a", 1));
    await clock.advance(10_000);
    const [pod] = await podsOf(client, "a");
    const { items } = (await client.get("/api/v1/namespaces/default/events")) as {
      items: { involvedObject: object; message: string }[];
    };
    assert.deepEqual(
      items.map(({ message }) => message).sort(),
      [`Created pod: ${pod?.metadata.name}`, "Error creating: pods is forbidden: exceeded quota"].sort(),
    );
    assert.equal((items[0]!.involvedObject as { kind?: string }).kind, "ReplicaSet");
  });
});

test("a plan that throws is logged and tried again, and others go on", { timeout }, async () => {
  const clumsy = defineController<ReplicaSet, Observed>({
    ...declaration,
    plan(observed) {
      if (observed.set.metadata.name === "bad") throw new TypeError("oops");
      return plan(observed);
    },
  });
  await simulate(1, [clumsy], async ({ clock, client, logger }) => {
    const sets = client.resource(ReplicaSet, "default");
    await sets.create(replicaSet("bad", 1));
    await sets.create(replicaSet("good", 2));
    await clock.advance(10_000);
    assert.equal((await podsOf(client, "good")).length, 2);
    const errors = logger.records.filter(({ level }) => level === "error");
    assert.ok(errors.length > 1 && errors.every(({ values }) => values["key"] === "default/bad"));
  });
});

/** Owns what carries its name as a label. */
const adopter: Declaration<ReplicaSet, ReturnType<typeof claim<Pod>>> = {
  name: "adopter",
  serviceAccount: "toy",
  primary: ReplicaSet,
  owns: [{ resource: Pod, matches: (set, pod) => pod.metadata.labels?.["of"] === set.metadata.name }],
  workers: 1,
  observe: (owner, cache) =>
    claim({
      owner,
      ownerResource: ReplicaSet,
      resource: Pod,
      candidates: cache.inNamespace(Pod, owner.metadata.namespace ?? ""),
      matches: ({ metadata }) => metadata.labels?.["of"] === owner.metadata.name,
    }),
  plan: ({ actions }) => actions,
  summarize: ({ claimed }) => ({ status: { replicas: claimed.length } }),
};

test("an orphan that is chosen is adopted, by the change of the orphan alone", { timeout }, async () => {
  await simulate(1, [defineController(adopter)], async ({ clock, client }) => {
    const set = await client.resource(ReplicaSet, "default").create(replicaSet("a", 1));
    await clock.advance(10_000);
    await client.resource(Pod, "default").create({ metadata: { name: "orphan", labels: { of: "a" } } });
    await client.resource(Pod, "default").create({ metadata: { name: "other", labels: { of: "b" } } });
    await clock.advance(1_000);
    const { metadata } = await client.resource(Pod, "default").get("orphan");
    assert.deepEqual(metadata.ownerReferences, [controllerReference(set, ReplicaSet)]);
    assert.equal((await client.resource(Pod, "default").get("other")).metadata.ownerReferences, undefined);
    assert.equal((await client.resource(ReplicaSet, "default").get("a")).status.replicas, 1);
  });
});

test("whoever is being deleted adopts nobody, even if its cache does not know yet", { timeout }, async () => {
  await simulate(1, [defineController(adopter)], async ({ clock, api, client }) => {
    const sets = client.resource(ReplicaSet, "default");
    const set = await sets.create(replicaSet("a", 1));
    await clock.advance(10_000);
    // Marked while the controller hears nothing of it.
    const isWatchOfSets = ({ path, query }: TransportRequest) =>
      path.endsWith("/replicasets") && query?.get("watch") === "true";
    for (let i = 0; i < 20; i++) api.failNext(() => ApiError.serviceUnavailable("away"), isWatchOfSets);
    api.endWatches();
    const metadata = { ...set.metadata, resourceVersion: undefined, deletionTimestamp: "2026-01-01T00:00:00Z" };
    await sets.update({ ...set, metadata } as never);
    await client.resource(Pod, "default").create({ metadata: { name: "orphan", labels: { of: "a" } } });
    await clock.advance(600_000);
    assert.equal((await client.resource(Pod, "default").get("orphan")).metadata.ownerReferences, undefined);
    assert.ok(api.requests.some(({ method, path }) => method === "GET" && path.endsWith("/replicasets/a")));
  });
});
