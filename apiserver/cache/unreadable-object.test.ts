import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import type { Logger } from "../../base/logger.ts";
import { VirtualClock } from "../../base/virtual-clock.ts";
import { memoryStorage } from "../../storage/memory/memory.ts";
import type { Entry, Storage } from "../../storage/storage.ts";
import type { CacheEvent, ResourceCache } from "./resource-cache.ts";
import { servedAtRevision, servedFromEntry } from "./served-object.ts";
import { WatchCache } from "./watch-cache.ts";

const podKey = (name: string): string => `/registry/pods/ns/${name}`;
const pod = (name: string): Buffer =>
  encodeObject({ apiVersion: "v1", kind: "Pod", metadata: { namespace: "ns", name } } as ApiObject).bytes;
const entryOf = (value: string, unreadable?: Error): Entry => {
  const entry = { key: podKey("a"), value: Buffer.from(value), createRevision: 4, modRevision: 7 };
  return unreadable === undefined ? entry : { ...entry, unreadable };
};

test("bytes that are no object are unreadable, in the words of a decoder", () => {
  const whole = pod("a").toString();
  for (const [value, message] of [
    ["\0\x01", "couldn't get version/kind; json parse error: invalid character '\\x00' looking for beginning of value"],
    [whole.slice(0, -1), "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    ["", "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    ['{"metadata":{"name":"a"}}', `Object 'Kind' is missing in '{"metadata":{"name":"a"}}'`],
    ["null", "Object 'Kind' is missing in 'null'"],
    ['{"kind":"Pod","apiVersion":"v1"}', `Object 'Kind' is missing in '{"kind":"Pod","apiVersion":"v1"}'`],
  ] as const) {
    for (const decoding of ["now", "later"] as const) {
      const served = servedFromEntry(entryOf(value), decoding);
      assert.equal(served.revision, 7);
      assert.deepEqual([served.unreadable?.error.status.code, served.unreadable?.error.message], [500, message]);
      assert.ok(!served.unreadable?.reason.includes("metadata"));
    }
  }
  assert.equal(servedFromEntry(entryOf(whole)).unreadable, undefined);
});

test("what cannot be decrypted says why, to who asks for many with its key; nothing else can be had of it", () => {
  const cause = new Error("no matching prefix found");
  const unreadable = new Error('unable to transform key "k": no matching prefix found', { cause });
  const served = servedAtRevision(servedFromEntry(entryOf("x", unreadable)), 9);
  assert.equal(served.revision, 9);
  const { error, listError } = served.unreadable!;
  assert.deepEqual([error.status.reason, error.status.code], ["InternalError", 500]);
  assert.equal(error.message, "Internal error occurred: no matching prefix found");
  assert.equal(listError.message, `Internal error occurred: ${unreadable.message}`);
  assert.throws(() => served.object, error);
  assert.throws(() => served.byteLength, error);
  assert.throws(() => served.copyInto(Buffer.alloc(9), 0), error);
  assert.throws(() => served.itemLength, listError);
  assert.throws(() => served.copyItemInto(Buffer.alloc(9), 0), listError);
});

interface Subject {
  readonly clock: VirtualClock;
  readonly inner: Storage;
  readonly cache: WatchCache;
  readonly pods: ResourceCache;
  /** Keys that cannot be read as long as they are in here. */
  readonly lost: Set<string>;
  readonly logged: string[];
  readonly heard: string[];
}

/** A started cache over a store with the pods `a` and `b`. */
async function started(...lost: readonly string[]): Promise<Subject> {
  const clock = new VirtualClock();
  const inner = memoryStorage({ clock });
  const gone = new Set(lost);
  const marked = <T extends Entry | undefined>(entry: T): T =>
    entry !== undefined && gone.has(entry.key) ? { ...entry, unreadable: new Error(`lost: ${entry.key}`) } : entry;
  const storage: Storage = {
    ...inner,
    currentRevision: () => inner.currentRevision(),
    compact: (revision) => inner.compact(revision),
    backup: (path) => inner.backup(path),
    sizeBytes: () => inner.sizeBytes(),
    close: () => inner.close(),
    put: (key, value, options) => inner.put(key, value, options),
    delete: (key, options) => inner.delete(key, options),
    async get(key, options) {
      const { entry, revision } = await inner.get(key, options);
      return { entry: marked(entry), revision };
    },
    async range(start, end, options) {
      const result = await inner.range(start, end, options);
      return { ...result, entries: result.entries.map(marked) };
    },
    watch(start, end, options) {
      inner.watch(start, end, {
        ...options,
        onEvents: (events, revision) =>
          options.onEvents(
            events.map((event) => (event.type === "put" ? { ...event, entry: marked(event.entry) } : event)),
            revision,
          ),
      });
    },
  };
  await inner.put(podKey("a"), pod("a"));
  await inner.put(podKey("b"), pod("b"));
  const logged: string[] = [];
  const log = (message: string, fields: object = {}): void => {
    logged.push(`${message} ${JSON.stringify(fields)}`);
  };
  const logger = { error: log, info: log, warn: log, debug: log } as unknown as Logger;
  const cache = new WatchCache(storage, clock, logger);
  const pods = cache.of("pods");
  const heard: string[] = [];
  pods.listen(({ type, key, revision, previous }: CacheEvent) => {
    heard.push(`${type} ${key.slice(-1)} ${revision}${previous === undefined ? "" : ` after ${previous.revision}`}`);
  });
  await cache.start(assert.fail);
  return { clock, inner, cache, pods, lost: gone, logged, heard };
}

const watching = (pods: ResourceCache, from: number): string[] => {
  const told: string[] = [];
  const onEvent = ({ type, key, served }: CacheEvent): void => {
    told.push(`${type} ${key.slice(-1)}${served.unreadable === undefined ? "" : " unreadable"}`);
  };
  const watcher = { prefix: "/registry/pods/", onEvent, onLost: () => told.push("lost") };
  assert.ok(pods.watch(watcher, from) !== undefined);
  return told;
};

test("a store with something unreadable in it is loaded: the rest is there, and the key is logged once", async () => {
  const { cache, pods, logged, heard, clock } = await started(podKey("a"));
  assert.deepEqual([pods.size, pods.hasUnreadable, pods.unreadable()], [2, true, [podKey("a")]]);
  assert.equal(pods.object(podKey("b"))?.metadata.name, "b");
  assert.equal(pods.object(podKey("a")), undefined);
  assert.ok(pods.get(podKey("a"))?.unreadable !== undefined);
  assert.deepEqual(heard, ["ADDED b 3"]);
  assert.equal(pods.byteLength, pods.get(podKey("b"))!.byteLength);
  await clock.advance(60_000);
  assert.deepEqual(logged, [
    `an object in the store cannot be read {"key":"${podKey("a")}","revision":2,"reason":"lost: ${podKey("a")}"}`,
  ]);
  cache.stop();
});

test("what becomes unreadable is gone for listeners, and watchers are told; so is its removal", async () => {
  const { cache, pods, inner, heard, lost } = await started();
  const told = watching(pods, 3);
  lost.add(podKey("a"));
  await inner.put(podKey("a"), Buffer.from("?"));
  await inner.put(podKey("b"), pod("b"));
  assert.deepEqual(told, ["MODIFIED a unreadable", "MODIFIED b"]);
  assert.deepEqual(watching(pods, 3), told);
  await inner.delete(podKey("a"));
  assert.deepEqual(told.at(-1), "DELETED a unreadable");
  assert.deepEqual(heard, ["ADDED a 2", "ADDED b 3", "DELETED a 4 after 2", "MODIFIED b 5 after 3"]);
  assert.deepEqual([pods.hasUnreadable, pods.size], [false, 1]);
  assert.equal(pods.byteLength, pods.get(podKey("b"))!.byteLength);
  cache.stop();
});

test("a readable state over an unreadable one is an addition", async () => {
  const { cache, pods, inner, heard, lost } = await started(podKey("a"));
  lost.clear();
  const told = watching(pods, 3);
  await inner.put(podKey("a"), pod("a"));
  assert.deepEqual([told, heard.at(-1)], [["ADDED a"], "ADDED a 4"]);
  assert.equal(pods.hasUnreadable, false);
  assert.equal(pods.byteLength, pods.get(podKey("a"))!.byteLength + pods.get(podKey("b"))!.byteLength);
  cache.stop();
});

test("what can be read again is found by who asks, else after a while; its watchers list again", async () => {
  const { cache, pods, inner, heard, lost, clock } = await started(podKey("a"), podKey("b"));
  const told = watching(pods, 3);
  await cache.readAgain(pods, pods.unreadable());
  assert.deepEqual([told, heard], [[], []]);
  lost.delete(podKey("a"));
  await cache.readAgain(pods, [podKey("a")]);
  assert.deepEqual([told, heard, pods.unreadable()], [["lost"], ["ADDED a 3"], [podKey("b")]]);
  assert.equal(pods.object(podKey("a"))?.metadata.resourceVersion, "2");
  lost.clear();
  await clock.advance(10_000);
  assert.deepEqual([heard.at(-1), pods.hasUnreadable], ["ADDED b 3", false]);
  await inner.put(podKey("b"), pod("b"));
  assert.equal(heard.at(-1), "MODIFIED b 4 after 3");
  cache.stop();
});
