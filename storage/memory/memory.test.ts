import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../../base/mod.ts";
import { describeStorageContract } from "../contract.ts";
import { memoryStorage } from "./memory.ts";

describeStorageContract("memory", async () => {
  const clock = new VirtualClock();
  const storage = memoryStorage({ clock });
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

test("many keys with a time to live cost one timer", async () => {
  const clock = new VirtualClock();
  const storage = memoryStorage({ clock });
  for (let i = 0; i < 5000; i++)
    await storage.put(`/events/${i}`, new Uint8Array(10), { ttlSeconds: 3600 - (i % 100) });
  assert.equal(clock.pendingTimers, 1);
  await clock.advance(3_600_000);
  assert.equal((await storage.range("/", "0")).count, 0);
  assert.equal(clock.pendingTimers, 0);
  await storage.close();
});

test("compaction gives memory back", async () => {
  const storage = memoryStorage({ clock: new VirtualClock() });
  for (let i = 0; i < 1000; i++) await storage.put("/a", new Uint8Array(1000));
  const before = await storage.sizeBytes();
  await storage.compact(await storage.currentRevision());
  assert.ok((await storage.sizeBytes()) * 100 < before);
  await storage.close();
});
