import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, type Prefixes, type Subject, startWatch, under } from "./subject.ts";

export function registerTimeToLive(subject: () => Subject, prefixes: Prefixes): void {
  test("a key with a time to live disappears by itself, with an ordinary delete event, and no other does", async () => {
    const { storage, passTime, expiryToleranceMs } = subject();
    const prefix = prefixes();
    const watch = startWatch(storage, under(prefix), { previous: true });
    await storage.put(`${prefix}short`, bytes("1"), { ttlSeconds: 3 });
    await storage.put(`${prefix}long`, bytes("1"), { ttlSeconds: 3600 });
    await storage.put(`${prefix}renewed`, bytes("1"), { ttlSeconds: 3 });
    await storage.put(`${prefix}renewed`, bytes("2"), { ttlSeconds: 3600 });
    await storage.put(`${prefix}freed`, bytes("1"), { ttlSeconds: 3 });
    await storage.put(`${prefix}freed`, bytes("2"));
    const { revision } = await storage.put(`${prefix}eternal`, bytes("1"));
    await passTime(2000);
    assert.equal(watch.events.length, 7);
    await passTime(1000 + expiryToleranceMs);
    await watch.reached(8);
    const [event] = watch.events.slice(7);
    assert.ok(event?.type === "delete");
    assert.deepEqual([event.key, event.revision], [`${prefix}short`, revision + 1]);
    assert.equal(Buffer.from(event.previous?.value ?? []).toString(), "1");
    const { entries } = await storage.range(under(prefix).start, under(prefix).end);
    assert.deepEqual(
      entries.map(({ key }) => key.slice(prefix.length)),
      ["eternal", "freed", "long", "renewed"],
    );
    await watch.stop();
  });
}
