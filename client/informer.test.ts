import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApiError } from "../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../apimachinery/resource/object.ts";
import type { TransportRequest } from "../apimachinery/resource/transport.ts";
import { CapturingLogger } from "../base/logger.ts";
import { SeededRandom } from "../base/seeded-random.ts";
import { VirtualClock } from "../base/virtual-clock.ts";
import { createClient } from "./client.ts";
import { Informer, type InformerOptions } from "./informer.ts";
import { Informers } from "./informers.ts";
import { ownerUidIndex } from "./store/indexer.ts";
import { MemoryApi } from "./testing/memory-api.ts";

interface Thing extends ApiObject {
  readonly value?: number;
}
const things = { group: "example.com", version: "v1", kind: "Thing", plural: "things", scope: "Namespaced" } as const;

function setUp(options: Partial<InformerOptions<Thing>> = {}, api: { readonly watchList?: boolean } = {}) {
  const clock = new VirtualClock({ settleTurns: 1 });
  const random = new SeededRandom(1);
  const server = new MemoryApi({ clock, random, ...api });
  const logger = new CapturingLogger();
  const client = createClient(server);
  const informer = new Informer<Thing>({ client: client.resource<Thing>(things), clock, random, logger, ...options });
  const seen: string[] = [];
  informer.addHandler({
    add: (object, { initial }) => seen.push(`${initial ? "initial" : "add"} ${object.metadata.name} ${object.value}`),
    update: (object, old) => seen.push(`update ${object.metadata.name} ${old.value}→${object.value}`),
    delete: (object, info) =>
      seen.push(`${info.finalStateUnknown ? "lost" : "delete"} ${object.metadata.name} ${object.value}`),
  });
  const controller = new AbortController();
  const stop = async (run: Promise<void>) => {
    controller.abort();
    await clock.runUntil(run);
    assert.equal(clock.pendingTimers, 0);
    assert.equal(server.openWatches, 0);
  };
  return {
    clock,
    server,
    logger,
    informer,
    seen,
    client,
    things: client.resource<Thing>(things, "default"),
    signal: controller.signal,
    stop,
  };
}

const isWatch = ({ query }: TransportRequest) => query?.get("watch") === "true";
const isList = (request: TransportRequest) => request.method === "GET" && !isWatch(request);

for (const watchList of [true, false]) {
  test(`handlers see what is there, then each change in order (${watchList ? "initial events" : "list, then watch"})`, async () => {
    const { clock, server, informer, seen, things, signal, stop } = setUp({}, { watchList });
    await things.create({ metadata: { name: "a" }, value: 1 });
    const run = informer.run(signal);
    assert.equal(informer.hasSynced, false);
    await clock.runUntil(informer.synced());
    await clock.settle(3);
    const b = await things.create({ metadata: { name: "b" }, value: 2 });
    await things.update({ ...b, value: 3 });
    const c = await things.create({ metadata: { name: "c" }, value: 4 });
    await things.delete("a");
    await clock.settle(3);
    assert.deepEqual(seen, ["initial a 1", "add b 2", "update b 2→3", "add c 4", "delete a 1"]);
    assert.deepEqual(
      informer.cache.list().map(({ metadata }) => metadata.name),
      ["b", "c"],
    );
    assert.equal(informer.cache.get("default/c"), c, "the cache holds the server's own object");
    assert.equal(informer.resourceVersion, String(server.revision));
    assert.equal(server.requests.filter(isList).length, watchList ? 0 : 1);
    await stop(run);
  });
}

test("a handler that comes late is told at once of all there is", async () => {
  const { clock, informer, things, signal, stop } = setUp();
  await things.create({ metadata: { name: "a" }, value: 1 });
  const run = informer.run(signal);
  await clock.runUntil(informer.synced());
  const late: string[] = [];
  {
    using _ = informer.addHandler({ add: (object) => late.push(object.metadata.name ?? "") });
    await things.create({ metadata: { name: "b" } });
    await clock.settle(3);
  }
  await things.create({ metadata: { name: "c" } });
  await clock.settle(3);
  assert.deepEqual(late, ["a", "b"]);
  await stop(run);
});

test("a broken watch goes on where it was, without reading all anew", async () => {
  const { clock, server, informer, seen, things, signal, stop } = setUp();
  const run = informer.run(signal);
  await clock.runUntil(informer.synced());
  await things.create({ metadata: { name: "a" }, value: 1 });
  await clock.settle(3);
  server.endWatches(new Error("connection reset"));
  await things.create({ metadata: { name: "b" }, value: 2 });
  await clock.runUntil(() => seen.length === 2);
  assert.deepEqual(seen, ["add a 1", "add b 2"]);
  assert.deepEqual(
    server.requests.filter(isWatch).map(({ query }) => query?.get("resourceVersion")),
    [null, "2"],
  );
  await stop(run);
});

test("an expired watch reads all anew; what vanished meanwhile is told as a tombstone", async () => {
  for (const watchList of [true, false]) {
    const { clock, server, informer, seen, things, signal, stop } = setUp({}, { watchList });
    await things.create({ metadata: { name: "a" }, value: 1 });
    await things.create({ metadata: { name: "b" }, value: 1 });
    await things.create({ metadata: { name: "same" }, value: 1 });
    await things.create({ metadata: { name: "again" }, value: 1 });
    const run = informer.run(signal);
    await clock.runUntil(informer.synced());
    await clock.settle(3);
    seen.length = 0;
    server.endWatches(new Error("connection reset"));
    await things.delete("a");
    await things.patch("b", { type: "merge", body: { value: 2 } });
    await things.delete("again");
    await things.create({ metadata: { name: "again" }, value: 2 });
    server.compact();
    await clock.runUntil(() => seen.length >= 4);
    await clock.advance(10);
    assert.deepEqual(seen, ["lost a 1", "lost again 1", "add again 2", "update b 1→2"]);
    await stop(run);
  }
});

test("bookmarks move the version on, and a waiter for a version is told", async () => {
  const { clock, server, informer, client, signal, stop } = setUp();
  const run = informer.run(signal);
  await clock.runUntil(informer.synced());
  const other = await client.resource({ ...things, plural: "others" }, "default").create({ metadata: { name: "x" } });
  const version = other.metadata.resourceVersion ?? "";
  let reached = false;
  const waiting = informer.reached(version).then(() => {
    reached = true;
  });
  await clock.settle(3);
  assert.equal(reached, false);
  server.sendBookmarks();
  await clock.runUntil(waiting);
  assert.equal(informer.resourceVersion, version);
  server.endWatches();
  await clock.advance(5000);
  assert.equal(server.requests.filter(isWatch).at(-1)?.query?.get("resourceVersion"), version);
  await informer.reached("1");
  await assert.rejects(informer.reached("99", AbortSignal.abort(new Error("enough"))), /enough/);
  await stop(run);
});

test("failures are waited out longer and longer, up to a bound, and Retry-After is kept", async () => {
  const { clock, server, logger, informer, signal, stop } = setUp();
  const times: number[] = [];
  for (let i = 0; i < 12; i++)
    server.failNext(() => {
      times.push(clock.monotonicMs());
      return new Error("connect ECONNREFUSED");
    }, isWatch);
  const run = informer.run(signal);
  await clock.runUntil(informer.synced());
  const waits = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  waits.forEach((wait, i) => {
    const base = Math.min(30_000, 200 * 2 ** i);
    assert.ok(wait >= base && wait <= 2 * base, `wait ${i} of ${wait} ms`);
  });
  assert.equal(logger.messages("warn").length, 12);
  server.endWatches(ApiError.tooManyRequests("later", 100));
  const start = clock.monotonicMs();
  const watches = server.requests.filter(isWatch).length;
  await clock.runUntil(() => server.requests.filter(isWatch).length > watches);
  assert.ok(clock.monotonicMs() - start >= 100_000);
  await stop(run);
});

test("a handler that throws ends the informer with its error", async () => {
  const { clock, informer, things, signal } = setUp();
  informer.addHandler({
    add() {
      throw new Error("a bug");
    },
  });
  const run = informer.run(signal);
  const failed = assert.rejects(run, /a bug/);
  await things.create({ metadata: { name: "a" } });
  await clock.runUntil(failed);
});

test("indexes follow every change", async () => {
  const { clock, informer, things, signal, stop } = setUp({ indexes: { owner: ownerUidIndex } });
  const owner = (uid: string) => [{ apiVersion: "v1", kind: "Owner", name: "o", uid }];
  const run = informer.run(signal);
  await things.create({ metadata: { name: "a", ownerReferences: owner("1") } });
  await things.create({ metadata: { name: "b", ownerReferences: owner("1") } });
  await clock.runUntil(informer.synced());
  const owned = (uid: string) => informer.cache.byIndex("owner", uid).map(({ metadata }) => metadata.name);
  assert.deepEqual(owned("1"), ["a", "b"]);
  await things.patch("a", { type: "merge", body: { metadata: { ownerReferences: owner("2") } } });
  await things.delete("b");
  await clock.settle(3);
  assert.deepEqual([owned("1"), owned("2")], [[], ["a"]]);
  assert.deepEqual(informer.cache.indexValues("owner"), ["2"]);
  assert.throws(() => informer.cache.byIndex("nothing", "x"), /there is no index named nothing/);
  await stop(run);
});

test("informers of one resource and selection are shared, and late ones start at once", async () => {
  const { clock, server, client, logger, things: api, signal, stop } = setUp();
  const informers = new Informers({ client, clock, random: new SeededRandom(2), logger });
  await api.create({ metadata: { name: "a", labels: { of: "x" } } });
  await api.create({ metadata: { name: "b" } });
  const first = informers.of(things);
  assert.equal(informers.of(things), first);
  const run = informers.run(signal);
  const selected = informers.of<Thing>(things, { labelSelector: "of=x" });
  await clock.runUntil(informers.synced());
  assert.deepEqual([first.cache.size, selected.cache.size], [2, 1]);
  assert.equal(first.cache.byIndex("namespace", "default").length, 2);
  assert.equal(server.openWatches, 2);
  await stop(run);
});

type Step = {
  readonly do: "put" | "delete" | "break" | "expire" | "fail";
  readonly name: number;
  readonly afterMs: number;
};

test("whatever happens to objects and connections, the cache ends equal to the server and handlers saw each object's life in order", async () => {
  const step: fc.Arbitrary<Step> = fc.record({
    do: fc.constantFrom("put", "put", "put", "delete", "delete", "break", "expire", "fail"),
    name: fc.nat(4),
    afterMs: fc.oneof(fc.constant(0), fc.nat(1500)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), fc.nat(), async (steps, watchList, seed) => {
      const { clock, server, informer, things, signal, stop } = setUp(
        { random: new SeededRandom(seed) },
        { watchList },
      );
      const mirror = new Map<string, Thing>();
      const key = (object: Thing) => `${object.metadata.name} ${object.metadata.uid}`;
      informer.addHandler({
        add(object) {
          assert.ok(!mirror.has(key(object)), "added once");
          mirror.set(key(object), object);
        },
        update(object, old) {
          assert.equal(mirror.get(key(object)), old);
          assert.ok(Number(object.metadata.resourceVersion) > Number(old.metadata.resourceVersion), "forward only");
          mirror.set(key(object), object);
        },
        delete(object) {
          assert.ok(mirror.delete(key(object)), "was there");
        },
      });
      const run = informer.run(signal);
      for (const { do: what, name, afterMs } of steps) {
        if (afterMs > 0) await clock.advance(afterMs);
        if (what === "put") await things.apply({ metadata: { name: `n${name}` }, value: clock.monotonicMs() });
        else if (what === "delete") await things.delete(`n${name}`).catch(() => {});
        else if (what === "break") server.endWatches(new Error("connection reset"));
        else if (what === "fail")
          server.failNext(
            () => new Error("no route to host"),
            ({ path }) => path === "/apis/example.com/v1/things",
          );
        else {
          server.endWatches(ApiError.expired("too old resource version"));
          server.compact();
        }
      }
      await clock.advance(200_000);
      const there = (await things.list()).items;
      const byKey = (objects: Iterable<Thing>) => [...objects].sort((a, b) => (key(a) < key(b) ? -1 : 1));
      assert.deepEqual(byKey(informer.cache.values()), byKey(there));
      assert.deepEqual(byKey(mirror.values()), byKey(there));
      await stop(run);
    }),
    { numRuns: 60 },
  );
});
