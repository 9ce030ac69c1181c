import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeObject } from "../../apimachinery/schema/encode.ts";
import { type CacheEvent, type CacheWatcher, ResourceCache } from "./resource-cache.ts";
import { type ServedObject, servedAtRevision, servedFromStore } from "./served-object.ts";

const all = "/registry/pods/";
const keyOf = (path: string): string => `${all}${path}`;

function podAt(path: string, revision: number): ServedObject {
  const [namespace, name] = path.split("/") as [string, string];
  const { bytes } = encodeObject({ apiVersion: "v1", kind: "Pod", metadata: { namespace, name } });
  return servedFromStore(bytes, revision);
}

/** Plays the feed: each write is one event at the next revision. */
class Feed {
  readonly cache: ResourceCache;
  revision: number;

  constructor(revision = 0) {
    this.revision = revision;
    this.cache = new ResourceCache("pods", revision);
  }

  put(path: string, now = 0): void {
    const revision = ++this.revision;
    const previous = this.cache.get(keyOf(path));
    const type = previous === undefined ? "ADDED" : "MODIFIED";
    this.cache.apply({ type, revision, key: keyOf(path), served: podAt(path, revision), previous }, now);
  }

  delete(path: string, now = 0): void {
    const revision = ++this.revision;
    const previous = this.cache.get(keyOf(path))!;
    const served = servedAtRevision(previous, revision);
    this.cache.apply({ type: "DELETED", revision, key: keyOf(path), served, previous }, now);
  }
}

const line = (event: CacheEvent): string =>
  `${event.type} ${event.key.slice(all.length)} ${event.previous?.revision ?? "-"}→${event.served.revision}@${event.revision}`;

class Recorder implements CacheWatcher {
  readonly prefix: string;
  readonly seen: string[] = [];

  constructor(prefix = all) {
    this.prefix = prefix;
  }

  onEvent(event: CacheEvent): void {
    this.seen.push(line(event));
  }

  onLost(): void {
    this.seen.push("LOST");
  }
}

function watched(cache: ResourceCache, afterRevision: number, prefix = all): string[] | undefined {
  const recorder = new Recorder(prefix);
  const stop = cache.watch(recorder, afterRevision);
  stop?.();
  return stop === undefined ? undefined : recorder.seen;
}

test("a watch from a remembered revision replays exactly what came after it, then goes on, until it is stopped", () => {
  const feed = new Feed(10);
  feed.put("ns/a");
  feed.put("ns/b");
  feed.put("ns/a");
  feed.delete("ns/b");
  const history = ["ADDED ns/a -→11@11", "ADDED ns/b -→12@12", "MODIFIED ns/a 11→13@13", "DELETED ns/b 12→14@14"];
  for (let after = 10; after <= 14; after++) {
    assert.deepEqual(watched(feed.cache, after), history.slice(after - 10));
  }

  const recorder = new Recorder();
  const stop = feed.cache.watch(recorder, 13)!;
  assert.equal(feed.cache.watcherCount, 1);
  feed.put("ns/b");
  stop();
  feed.put("ns/c");
  assert.deepEqual(recorder.seen, ["DELETED ns/b 12→14@14", "ADDED ns/b -→15@15"]);
  assert.equal(feed.cache.watcherCount, 0);
});

test("a watch from before the load is refused; one from a revision of another resource begins with what follows", () => {
  const cache = new ResourceCache("pods", 0);
  cache.load(keyOf("ns/a"), podAt("ns/a", 3));
  cache.loaded(20);
  assert.equal(cache.historyFloor, 20);
  assert.equal(cache.lastChange, 20);
  assert.equal(watched(cache, 19), undefined);
  assert.equal(cache.watcherCount, 0);
  assert.deepEqual(watched(cache, 20), []);

  const previous = cache.get(keyOf("ns/a"));
  cache.apply({ type: "MODIFIED", revision: 25, key: keyOf("ns/a"), served: podAt("ns/a", 25), previous }, 0);
  assert.equal(cache.lastChange, 25);
  for (const after of [20, 22, 24]) {
    assert.deepEqual(watched(cache, after), ["MODIFIED ns/a 3→25@25"]);
  }
  assert.deepEqual(watched(cache, 25), []);
});

test("of events that come slowly about a thousand are kept: the floor is where the forgotten ones end", () => {
  const feed = new Feed();
  for (let i = 1; i <= 3_000; i++) {
    feed.put("ns/a", i * 61_000);
    const kept = feed.revision - feed.cache.historyFloor;
    assert.ok(kept >= Math.min(i, 1_000) && kept <= 1_256, `${kept} kept after ${i}`);
  }
  const floor = feed.cache.historyFloor;
  assert.ok(floor > 0);
  assert.equal(watched(feed.cache, floor - 1), undefined);
  const replayed = watched(feed.cache, floor)!;
  assert.equal(replayed.length, 3_000 - floor);
  assert.equal(replayed[0], `MODIFIED ns/a ${floor}→${floor + 1}@${floor + 1}`);
});

test("events of the last minute are kept beyond a thousand, up to twenty thousand", () => {
  const feed = new Feed();
  for (let i = 0; i < 20_000; i++) {
    feed.put("ns/a", 60_000);
  }
  assert.equal(feed.cache.historyFloor, 0);
  assert.equal(watched(feed.cache, 0)!.length, 20_000);
  for (let i = 0; i < 600; i++) {
    feed.put("ns/a", 60_000);
  }
  const kept = feed.revision - feed.cache.historyFloor;
  assert.ok(kept >= 20_000 && kept <= 20_256, `${kept} kept`);
});

test("a prefix ends at its slash: ns sees nothing of ns2 or ns-a, in ranges, counts, replays and live", () => {
  const feed = new Feed();
  for (const path of ["ns2/a", "ns/b", "ns-a/a", "ns/a", "n/a", "ns/c"]) {
    feed.put(path);
  }
  const { cache } = feed;
  const ns = keyOf("ns/");
  const paths = (from?: string): string[] => cache.range(ns, from).map(({ key }) => key.slice(all.length));
  assert.deepEqual(paths(), ["ns/a", "ns/b", "ns/c"]);
  assert.equal(cache.count(ns), 3);
  assert.deepEqual(paths(keyOf("ns/b")), ["ns/b", "ns/c"]);
  assert.equal(cache.count(ns, keyOf("ns/b")), 2);
  assert.deepEqual(watched(cache, 0, ns), ["ADDED ns/b -→2@2", "ADDED ns/a -→4@4", "ADDED ns/c -→6@6"]);

  const recorder = new Recorder(ns);
  cache.watch(recorder, 6);
  feed.put("ns2/b");
  feed.put("ns/a");
  feed.delete("ns-a/a");
  assert.deepEqual(recorder.seen, ["MODIFIED ns/a 4→8@8"]);
  assert.equal(cache.count(all), cache.size);
});

test("a range or count from before its prefix, or from behind it, stays within it", () => {
  const { cache, ...feed } = new Feed();
  for (const path of ["a/x", "ns/x", "z/x"]) {
    cache.load(keyOf(path), podAt(path, ++feed.revision));
  }
  const ns = keyOf("ns/");
  for (const [from, expected] of [
    [all, 1],
    [keyOf("z/"), 0],
  ] as const) {
    assert.equal(cache.range(ns, from).length, expected);
    assert.equal(cache.count(ns, from), expected);
  }
});

test("listeners hear of what is loaded and of every change, before watchers do, until they stop", () => {
  const feed = new Feed();
  const { cache } = feed;
  const heard: string[] = [];
  const stop = cache.listen((event) => heard.push(`listener ${line(event)}`));
  cache.load(keyOf("ns/a"), podAt("ns/a", 1));
  cache.loaded(1);
  feed.revision = 1;
  cache.watch({ prefix: all, onEvent: (event) => heard.push(`watcher ${line(event)}`), onLost: assert.fail }, 1);
  feed.put("ns/a");
  stop();
  feed.delete("ns/a");
  assert.deepEqual(heard, [
    "listener ADDED ns/a -→1@1",
    "listener MODIFIED ns/a 1→2@2",
    "watcher MODIFIED ns/a 1→2@2",
    "watcher DELETED ns/a 2→3@3",
  ]);
});

test("an event finds the cache as it is after it", () => {
  const feed = new Feed();
  const { cache } = feed;
  const seen: (number | undefined)[] = [];
  cache.listen(({ key }) => seen.push(cache.get(key)?.revision));
  feed.put("ns/a");
  feed.put("ns/a");
  feed.delete("ns/a");
  assert.deepEqual(seen, [1, 2, undefined]);
  assert.equal(cache.object(keyOf("ns/a")), undefined);
});

test("a reset tells listeners the difference alone and watchers that they are lost, and history begins anew", () => {
  const feed = new Feed();
  const { cache } = feed;
  for (const path of ["ns/gone", "ns/same", "ns/changed"]) {
    feed.put(path);
  }
  const same = cache.get(keyOf("ns/same"));
  const heard: string[] = [];
  cache.listen((event) => heard.push(`${line(event)} of ${cache.size}`));
  const watcher = new Recorder();
  const stop = cache.watch(watcher, 3)!;
  const contents = ["ns/same", "ns/changed", "ns/new", "ns/newer"].map(
    (path, i) => [keyOf(path), podAt(path, [2, 7, 8, 9][i]!)] as const,
  );

  cache.reset(new Map(contents), 12);

  assert.deepEqual(heard, [
    "DELETED ns/gone 1→12@12 of 4",
    "MODIFIED ns/changed 3→7@12 of 4",
    "ADDED ns/new -→8@12 of 4",
    "ADDED ns/newer -→9@12 of 4",
  ]);
  assert.deepEqual(watcher.seen, ["LOST"]);
  stop();
  assert.deepEqual(
    cache.range(all).map(({ key, value }) => `${key.slice(all.length)}@${value.revision}`),
    ["ns/changed@7", "ns/new@8", "ns/newer@9", "ns/same@2"],
  );
  assert.equal(cache.get(keyOf("ns/same")), same);
  assert.deepEqual([cache.historyFloor, cache.lastChange], [12, 12]);
  assert.equal(watched(cache, 11), undefined);
  assert.deepEqual(watched(cache, 12), []);
});
