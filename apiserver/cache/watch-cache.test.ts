import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import { ClosedError, CompactedError, type Storage, type WatchOptions } from "../../storage/storage.ts";
import { WatchCache } from "./watch-cache.ts";

const never = new AbortController().signal;
const podKey = (name: string): string => `/registry/pods/ns/${name}`;
const pod = (name: string): ApiObject => ({ apiVersion: "v1", kind: "Pod", metadata: { namespace: "ns", name } });
const put = (storage: Storage, key: string): ReturnType<Storage["put"]> =>
  storage.put(key, encodeObject(pod(key.slice(key.lastIndexOf("/") + 1))).bytes);

/** A store whose one watch can be cut off and, later, be taken up where it was: by then history may be gone. */
class BreakableStorage {
  readonly storage: Storage;
  /** First revisions of the watches that were asked for. */
  readonly watchedFrom: (number | undefined)[] = [];
  #watch: { readonly start: string; readonly end: string; readonly options: WatchOptions } | undefined;
  #cut = new AbortController();
  readonly #inner: Storage;

  constructor(inner: Storage, range: Storage["range"] = (start, end, options) => inner.range(start, end, options)) {
    this.#inner = inner;
    this.storage = {
      currentRevision: () => inner.currentRevision(),
      get: (key, options) => inner.get(key, options),
      range,
      put: (key, value, options) => inner.put(key, value, options),
      delete: (key, options) => inner.delete(key, options),
      watch: (start, end, options) => {
        this.watchedFrom.push(options.fromRevision);
        this.#watch = { start, end, options };
        this.restore();
      },
      compact: (revision) => inner.compact(revision),
      backup: (path) => inner.backup(path),
      sizeBytes: () => inner.sizeBytes(),
      close: () => inner.close(),
    };
  }

  cut(): void {
    this.#cut.abort();
  }

  restore(): void {
    const { start, end, options } = this.#watch!;
    const cut = new AbortController();
    this.#cut = cut;
    this.#inner.watch(start, end, {
      ...options,
      signal: AbortSignal.any([cut.signal, options.signal]),
      onEnd: (error) => {
        if (!cut.signal.aborted) {
          options.onEnd(error);
        }
      },
    });
  }

  /** Ends the watch as a driver would. */
  end(error: Error | undefined): void {
    this.cut();
    this.#watch!.options.onEnd(error);
  }
}

function newStorage(): { readonly clock: VirtualClock; readonly storage: Storage } {
  const clock = new VirtualClock();
  return { clock, storage: memoryStorage({ clock }) };
}

test("the cache holds what was stored before it started, each resource its own, and from then on follows", async () => {
  const { clock, storage } = newStorage();
  await put(storage, podKey("a"));
  await put(storage, "/registry/services/specs/ns/s");
  await put(storage, "/registry/services/endpoints/ns/s");
  await put(storage, "/registry/unknown/ns/u");
  const cache = new WatchCache(storage, clock);
  const [pods, specs, endpoints] = ["pods", "services/specs", "services/endpoints"].map((path) => cache.of(path)) as [
    ReturnType<WatchCache["of"]>,
    ReturnType<WatchCache["of"]>,
    ReturnType<WatchCache["of"]>,
  ];
  assert.equal(cache.of("pods"), pods);
  await cache.start(assert.fail);

  assert.equal(cache.revision, 5);
  assert.deepEqual([pods.size, specs.size, endpoints.size], [1, 1, 1]);
  assert.equal(pods.get(podKey("a"))!.revision, 2);
  assert.equal(pods.object(podKey("a"))!.metadata.resourceVersion, "2");
  assert.deepEqual([pods.historyFloor, specs.historyFloor], [5, 5]);

  const heard: string[] = [];
  pods.listen(({ type, key, revision }) => heard.push(`${type} ${key} ${revision}`));
  await put(storage, podKey("b"));
  await put(storage, podKey("a"));
  await put(storage, "/registry/services/specs/ns/t");
  await put(storage, "/registry/unknown/ns/v");
  await storage.delete(podKey("b"));
  assert.equal(cache.revision, 10);
  assert.deepEqual(heard, [`ADDED ${podKey("b")} 6`, `MODIFIED ${podKey("a")} 7`, `DELETED ${podKey("b")} 10`]);
  assert.deepEqual([pods.size, specs.size, endpoints.size], [1, 2, 1]);
  assert.deepEqual([pods.lastChange, specs.lastChange, endpoints.lastChange], [10, 8, 5]);
  cache.stop();
});

test("a stopped cache follows no more, and its end is no failure", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  cache.of("pods");
  await cache.start(assert.fail);
  cache.stop();
  await put(storage, podKey("a"));
  await storage.close();
  await clock.advance(0);
  assert.deepEqual([cache.revision, cache.of("pods").size], [1, 0]);
});

test("a write that was announced is found decoded: the very object, frozen, at the revision it got", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  const pods = cache.of("pods");
  await cache.start(assert.fail);
  const object = pod("a");
  const encoded = encodeObject(object);
  cache.announce(object, encoded);
  const { revision } = await storage.put(podKey("a"), encoded.bytes);

  const served = pods.get(podKey("a"))!;
  assert.equal(served.object, object);
  assert.ok(Object.isFrozen(object) && Object.isFrozen(object.metadata));
  assert.equal(object.metadata.resourceVersion, String(revision));
  assert.equal(served.revision, revision);
  const bytes = Buffer.alloc(served.byteLength);
  served.copyInto(bytes, 0);
  assert.deepEqual(JSON.parse(bytes.toString()), object);
  cache.stop();
});

test("equal bytes that nobody announced are decoded anew", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  cache.of("pods");
  await cache.start(assert.fail);
  const object = pod("a");
  cache.announce(object, encodeObject(object));
  await put(storage, podKey("a"));
  assert.notEqual(cache.of("pods").object(podKey("a")), object);
  assert.equal(object.metadata.resourceVersion, undefined);
  cache.stop();
});

test("waiting ends when the revision is there and not before, at once where it is already", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  await cache.start(assert.fail);
  await cache.waitFor(1, AbortSignal.abort());
  const reached: string[] = [];
  const waits = [3, 2].map((revision) =>
    cache.waitFor(revision, never).then(() => reached.push(`${revision} at ${cache.revision}`)),
  );
  await put(storage, podKey("a"));
  await waits[1];
  assert.deepEqual(reached, ["2 at 2"]);
  await put(storage, podKey("b"));
  await Promise.all(waits);
  assert.deepEqual(reached, ["2 at 2", "3 at 3"]);
  await cache.waitUntilFresh(AbortSignal.abort());
  cache.stop();
});

test("waiting is given up with the signal's reason, before or while it waits, and leaves others waiting", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  await cache.start(assert.fail);
  const reason = new Error("enough");
  const isReason = (error: unknown): boolean => error === reason;
  await assert.rejects(cache.waitFor(2, AbortSignal.abort(reason)), isReason);
  const controller = new AbortController();
  const [impatient, patient] = [cache.waitFor(2, controller.signal), cache.waitFor(2, never)];
  controller.abort(reason);
  await assert.rejects(impatient, isReason);
  await put(storage, podKey("a"));
  await patient;
  cache.stop();
});

test("waiting until fresh asks the store how far it is, and a timeout by the cache's clock ends it", async () => {
  const { clock, storage } = newStorage();
  const breakable = new BreakableStorage(storage);
  const cache = new WatchCache(breakable.storage, clock);
  await cache.start(assert.fail);
  breakable.cut();
  await put(storage, podKey("a"));
  const timeout = cache.timeoutSignal(3_000);
  const waiting = assert.rejects(cache.waitUntilFresh(timeout.signal), { message: "not within 3000 ms" });
  await clock.advance(3_000);
  await waiting;
  breakable.restore();
  await cache.waitUntilFresh(never);
  assert.equal(cache.revision, 2);
  const cleared = cache.timeoutSignal(3_000);
  cleared.clear();
  await clock.advance(3_000);
  assert.equal(cleared.signal.aborted, false);
  cache.stop();
});

test("history compacted while the watch was broken: all is read again, and listeners hear the difference", async () => {
  const { clock, storage } = newStorage();
  const breakable = new BreakableStorage(storage);
  const cache = new WatchCache(breakable.storage, clock);
  const pods = cache.of("pods");
  for (const name of ["gone", "same", "changed"]) {
    await put(storage, podKey(name));
  }
  await cache.start(assert.fail);
  const heard: string[] = [];
  pods.listen(({ type, key, revision }) => heard.push(`${type} ${key} ${revision}`));
  let lost = 0;
  pods.watch(
    { prefix: "/registry/pods/", onEvent: () => assert.fail("an event came"), onLost: () => lost++ },
    cache.revision,
  )!;
  const same = pods.get(podKey("same"));

  breakable.cut();
  await storage.delete(podKey("gone"));
  await put(storage, podKey("changed"));
  await put(storage, podKey("brief"));
  await storage.delete(podKey("brief"));
  await put(storage, podKey("new"));
  await storage.compact(9);
  assert.deepEqual([cache.revision, heard], [4, []]);
  breakable.restore();
  await cache.waitFor(9, never);

  assert.deepEqual(heard, [
    `DELETED ${podKey("gone")} 9`,
    `MODIFIED ${podKey("changed")} 9`,
    `ADDED ${podKey("new")} 9`,
  ]);
  assert.equal(lost, 1);
  assert.equal(pods.get(podKey("same")), same);
  assert.equal(pods.get(podKey("changed"))!.revision, 6);
  assert.equal(pods.historyFloor, 9);
  assert.deepEqual(breakable.watchedFrom, [5, 10]);
  cache.stop();
});

test("after it was read again the cache follows the store as before", async () => {
  const { clock, storage } = newStorage();
  const breakable = new BreakableStorage(storage);
  const cache = new WatchCache(breakable.storage, clock);
  const pods = cache.of("pods");
  await cache.start(assert.fail);
  breakable.cut();
  await put(storage, podKey("a"));
  breakable.end(new CompactedError(2));
  await cache.waitFor(2, never);
  const seen: string[] = [];
  pods.watch(
    {
      prefix: "/registry/pods/",
      onEvent: ({ type, revision }) => seen.push(`${type} ${revision}`),
      onLost: assert.fail,
    },
    2,
  );
  await put(storage, podKey("a"));
  await storage.delete(podKey("a"));
  assert.deepEqual(seen, ["MODIFIED 3", "DELETED 4"]);
  assert.equal(cache.revision, 4);
  cache.stop();
});

test("a feed that is lost for good is told once, with the store's error", async () => {
  const { clock, storage } = newStorage();
  const cache = new WatchCache(storage, clock);
  const failures: Error[] = [];
  await cache.start((error) => failures.push(error));
  await storage.close();
  cache.stop();
  await clock.advance(0);
  assert.equal(failures.length, 1);
  assert.ok(failures[0] instanceof ClosedError);
});

test("a watch that the store ends without an error, unasked, is a failure too", async () => {
  const { clock, storage } = newStorage();
  const breakable = new BreakableStorage(storage);
  const cache = new WatchCache(breakable.storage, clock);
  const failures: string[] = [];
  await cache.start((error) => failures.push(error.message));
  breakable.end(undefined);
  await clock.advance(0);
  assert.deepEqual(failures, ["the store ended its watch"]);
});

/** A cache whose watch has ended by compaction and that waits for the answer of its second read. */
async function reloading(): Promise<{
  readonly cache: WatchCache;
  readonly clock: VirtualClock;
  readonly failures: Error[];
  readonly breakable: BreakableStorage;
  readonly answer: PromiseWithResolvers<Awaited<ReturnType<Storage["range"]>>>;
}> {
  const { clock, storage } = newStorage();
  const answer = Promise.withResolvers<Awaited<ReturnType<Storage["range"]>>>();
  let reads = 0;
  const breakable = new BreakableStorage(storage, (start, end) =>
    reads++ === 0 ? storage.range(start, end) : answer.promise,
  );
  const cache = new WatchCache(breakable.storage, clock);
  const failures: Error[] = [];
  await cache.start((error) => failures.push(error));
  breakable.end(new CompactedError(1));
  return { cache, clock, failures, breakable, answer };
}

test("a store that cannot be read again is a feed lost for good, told once", async () => {
  const { clock, failures, answer } = await reloading();
  const error = new ClosedError("gone");
  answer.reject(error);
  await clock.advance(0);
  assert.deepEqual(failures, [error]);
});

test("a cache stopped while it reads the store again does not fail when that read does", async () => {
  const { cache, clock, failures, answer } = await reloading();
  cache.stop();
  answer.reject(new ClosedError("closed after the cache was stopped"));
  await clock.advance(0);
  assert.deepEqual(failures, []);
});

test("a cache stopped while it reads the store again neither changes nor follows once the answer comes", async () => {
  const { cache, clock, failures, breakable, answer } = await reloading();
  cache.stop();
  answer.resolve({ entries: [], more: false, count: 0, revision: 8 });
  await clock.advance(0);
  assert.deepEqual([cache.revision, breakable.watchedFrom.length, failures], [1, 1, []]);
});
