import assert from "node:assert/strict";
import { test } from "node:test";
import { CompactedError, FutureRevisionError } from "../storage.ts";
import { revisionOf } from "./model.ts";
import { bytes, type Prefixes, type Subject, startWatch, under } from "./subject.ts";

export function registerCompaction(subject: () => Subject, prefixes: Prefixes): void {
  test("compaction forgets what was below its revision and keeps what is current", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const { start, end } = under(prefix);
    await storage.put(`${prefix}kept`, bytes("1"));
    await storage.put(`${prefix}changed`, bytes("1"));
    await storage.put(`${prefix}gone`, bytes("1"));
    await storage.put(`${prefix}changed`, bytes("2"));
    const gone = await storage.delete(`${prefix}gone`);
    const compacted = (await storage.put(`${prefix}changed`, bytes("3"))).revision;
    await storage.put(`${prefix}changed`, bytes("4"));
    await storage.compact(compacted);

    const check = (error: unknown): boolean => error instanceof CompactedError && error.compactedRevision === compacted;
    await assert.rejects(storage.get(`${prefix}kept`, { revision: compacted - 1 }), check);
    await assert.rejects(storage.range(start, end, { revision: gone.revision }), check);
    const at = async (revision?: number): Promise<string[]> => {
      const { entries } = await storage.range(start, end, revision === undefined ? {} : { revision });
      return entries.map(({ key, value }) => `${key.slice(prefix.length)}${Buffer.from(value)}`);
    };
    assert.deepEqual(await at(compacted), ["changed3", "kept1"]);
    assert.deepEqual(await at(), ["changed4", "kept1"]);
  });

  test("compacting again, or to the past, does nothing; to the future is refused", async () => {
    const { storage } = subject();
    const { revision } = await storage.put(`${prefixes()}a`, bytes("1"));
    await storage.compact(revision);
    await storage.compact(revision);
    await storage.compact(revision - 1);
    await assert.rejects(storage.compact(revision + 1), FutureRevisionError);
    assert.equal((await storage.get("nothing", { revision })).entry, undefined);
  });

  test("a watch from below the compacted revision ends, saying so; from above it is whole", async () => {
    const { storage, servesCompactedRevision } = subject();
    const prefix = prefixes();
    const first = (await storage.put(`${prefix}a`, bytes("1"))).revision;
    await storage.put(`${prefix}b`, bytes("1"));
    await storage.delete(`${prefix}a`);
    await storage.put(`${prefix}b`, bytes("2"));
    await storage.compact(first + 2);

    const below = await startWatch(storage, under(prefix), { fromRevision: first + 1 }).ended;
    assert.ok(below instanceof CompactedError);
    assert.equal(below.compactedRevision, first + 2);
    const above = startWatch(storage, under(prefix), { fromRevision: first + 3, previous: true });
    await above.reached(1);
    assert.deepEqual(above.events.map(revisionOf), [first + 3]);
    assert.equal(above.events[0]?.previous?.modRevision, first + 1);
    await above.stop();
    const at = startWatch(storage, under(prefix), { fromRevision: first + 2, previous: true });
    await at.reached(2);
    if (servesCompactedRevision) {
      assert.deepEqual(at.events.map(revisionOf), [first + 2, first + 3]);
      assert.equal(at.events[0]?.previous?.modRevision, first);
    } else assert.ok((await at.ended) instanceof CompactedError);
    await at.stop();
  });

  test("a live watch goes on through compaction", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const watch = startWatch(storage, under(prefix));
    for (let i = 0; i < 30; i++) {
      const { revision } = await storage.put(`${prefix}a`, bytes(String(i)));
      await storage.compact(revision);
    }
    assert.equal(watch.events.length, 30);
    await watch.stop();
  });
}
