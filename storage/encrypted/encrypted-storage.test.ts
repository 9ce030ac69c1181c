import assert from "node:assert/strict";
import { test } from "node:test";
import { SeededRandom, VirtualClock } from "../../base/mod.ts";
import { describeStorageContract } from "../contract.ts";
import { memoryStorage } from "../memory/memory.ts";
import type { Storage, StorageEvent } from "../storage.ts";
import { aesGcm } from "./aes-gcm.ts";
import { EncryptedStorage } from "./encrypted-storage.ts";
import { identity } from "./identity.ts";
import { type Decoded, prefixTransformers, UnreadableValueError, type ValueTransformer } from "./value-transformer.ts";

const random = new SeededRandom(1);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString();
const gcm = aesGcm(random.bytes(32), random);

describeStorageContract("an encrypted store", async () => {
  const clock = new VirtualClock();
  const storage = new EncryptedStorage(memoryStorage({ clock }), () => gcm);
  return {
    storage,
    fresh: true,
    passTime: (ms) => clock.advance(ms),
    expiryToleranceMs: 0,
    servesCompactedRevision: true,
    reportsProgress: true,
    dispose: () => storage.close(),
  };
});

const opened = (transformer: ValueTransformer): { inner: Storage; storage: EncryptedStorage } => {
  const inner = memoryStorage({ clock: new VirtualClock() });
  return { inner, storage: new EncryptedStorage(inner, (key) => (key.startsWith("/s/") ? transformer : undefined)) };
};

test("only what is to be encrypted is, and nobody finds the value in the store", async () => {
  const { inner, storage } = opened(gcm);
  await storage.put("/s/a", bytes("very secret"));
  await storage.put("/open/a", bytes("for all"));
  assert.equal(text((await inner.get("/open/a")).entry?.value), "for all");
  assert.ok(!text((await inner.get("/s/a")).entry?.value).includes("secret"));
  assert.equal(text((await storage.get("/s/a")).entry?.value), "very secret");
});

test("a watcher gets the very bytes that this process wrote, in the turn of the write", async () => {
  const { storage } = opened(gcm);
  const seen: StorageEvent[] = [];
  const { signal } = new AbortController();
  storage.watch("/", "0", { signal, onEvents: (events) => seen.push(...events), onEnd: () => {} });
  const value = bytes("1");
  await storage.put("/s/a", value);
  const [event] = seen;
  assert.ok(event?.type === "put" && event.entry.value === value);
});

test("a value in a former form is stale until it is written again", async () => {
  const turned = prefixTransformers(
    [
      { prefix: "new:", transformer: gcm },
      { prefix: "", transformer: identity },
    ],
    "none",
  );
  const { inner, storage } = opened(turned);
  await inner.put("/s/a", bytes("plain"));
  assert.equal(text((await storage.range("/", "0")).entries[0]?.value), "plain");
  assert.equal(storage.isStale("/s/a"), true);
  assert.equal(storage.isStale("/s/b"), false);
  storage.watch("/", "0", { signal: new AbortController().signal, onEvents: () => {}, onEnd: () => {} });
  await storage.put("/s/a", bytes("plain"));
  assert.equal(storage.isStale("/s/a"), false);
  assert.ok(text((await inner.get("/s/a")).entry?.value).startsWith("new:"));
});

test("what cannot be read is handed on as it lies there, says so with its key, and the rest is read as ever", async () => {
  const { inner, storage } = opened(gcm);
  const seen: StorageEvent[] = [];
  const { signal } = new AbortController();
  storage.watch("/", "0", { signal, previous: true, onEvents: (events) => seen.push(...events), onEnd: assert.fail });
  const value = bytes("not encrypted at all, and long enough");
  const { revision } = await inner.put("/s/a", value);
  await storage.put("/s/b", bytes("readable"));
  const { entry } = await storage.get("/s/a");
  assert.deepEqual([entry?.key, entry?.modRevision], ["/s/a", revision]);
  assert.deepEqual(entry?.value, value);
  assert.ok(entry?.unreadable instanceof UnreadableValueError);
  assert.match(entry.unreadable.message, /^unable to transform key "\/s\/a": cipher: message authentication failed$/);
  assert.equal((entry.unreadable.cause as Error).message, "cipher: message authentication failed");
  const { entries } = await storage.range("/", "0");
  assert.deepEqual(
    entries.map((one) => [one.key, one.unreadable === undefined]),
    [
      ["/s/a", false],
      ["/s/b", true],
    ],
  );
  assert.equal((await storage.put("/s/a", bytes("1"), { expectedRevision: revision + 5 })).ok, false);
  assert.equal((await storage.delete("/s/a", { expectedRevision: revision })).ok, true);
  const told = seen.map((event) =>
    event.type === "put" ? event.entry.unreadable !== undefined : event.previous?.unreadable !== undefined,
  );
  assert.deepEqual(told, [true, false, true]);
});

test("a value whose key comes back is read again", async () => {
  let transformer: ValueTransformer = identity;
  const inner = memoryStorage({ clock: new VirtualClock() });
  await new EncryptedStorage(inner, () => gcm).put("/s/a", bytes("secret"));
  const other = aesGcm(random.bytes(32), random);
  transformer = other;
  const storage = new EncryptedStorage(inner, () => transformer);
  assert.ok((await storage.get("/s/a")).entry?.unreadable);
  transformer = gcm;
  storage.transformersChanged();
  const { entry } = await storage.get("/s/a");
  assert.deepEqual([text(entry?.value), entry?.unreadable], ["secret", undefined]);
});

test("events keep their order though one of them has to wait for its key", async () => {
  const waits = Promise.withResolvers<void>();
  const slow: ValueTransformer = {
    toStore: (value) => value,
    fromStore: (stored): Decoded | Promise<Decoded> =>
      text(stored) === "slow"
        ? waits.promise.then(() => ({ value: stored, stale: false }))
        : { value: stored, stale: false },
  };
  const { inner, storage } = opened(slow);
  const seen: string[] = [];
  const more = Promise.withResolvers<void>();
  storage.watch("/", "0", {
    signal: new AbortController().signal,
    onEvents(events) {
      for (const event of events) seen.push(event.type === "put" ? text(event.entry.value) : "gone");
      if (seen.length === 4) more.resolve();
    },
    onEnd: () => {},
  });
  await inner.put("/s/a", bytes("first"));
  assert.deepEqual(seen, ["first"]);
  await inner.put("/s/a", bytes("slow"));
  await inner.put("/open/a", bytes("quick"));
  await inner.delete("/open/a");
  assert.deepEqual(seen, ["first"]);
  waits.resolve();
  await more.promise;
  assert.deepEqual(seen, ["first", "slow", "quick", "gone"]);
});
