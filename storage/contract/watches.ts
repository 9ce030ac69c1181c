import assert from "node:assert/strict";
import { test } from "node:test";
import type { Storage } from "../storage.ts";
import { plainEntry, revisionOf } from "./model.ts";
import { bytes, type Prefixes, type Subject, startWatch, under } from "./subject.ts";

export function registerWatches(subject: () => Subject, prefixes: Prefixes): void {
  test("a write is acknowledged only after every watcher has its event", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const now = startWatch(storage, under(prefix));
    const past = startWatch(storage, under(prefix), { fromRevision: (await storage.currentRevision()) + 1 });
    for (let i = 1; i <= 20; i++) {
      await storage.put(`${prefix}a`, bytes(String(i)));
      assert.deepEqual([now.events.length, past.events.length], [i, i]);
    }
    await storage.delete(`${prefix}a`);
    assert.deepEqual([now.events.length, past.events.length], [21, 21]);
    await Promise.all([now.stop(), past.stop()]);
  });

  test("a watch hands over its own range only, with what was there before where asked", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const watch = startWatch(storage, under(`${prefix}in/`), { previous: true });
    const created = await storage.put(`${prefix}in/a`, bytes("1"));
    await storage.put(`${prefix}out/a`, bytes("1"));
    await storage.put(`${prefix}in/a`, bytes("2"));
    await storage.put(`${prefix}in0`, bytes("1"));
    await storage.delete(`${prefix}in/a`);
    const key = `${prefix}in/a`;
    const createRevision = created.revision;
    const previous = watch.events.map((event) => plainEntry(event.previous));
    assert.deepEqual(
      watch.events.map(({ type }) => type),
      ["put", "put", "delete"],
    );
    assert.deepEqual(previous, [
      undefined,
      { key, value: "1", createRevision, modRevision: createRevision },
      { key, value: "2", createRevision, modRevision: createRevision + 2 },
    ]);
    assert.equal(await watch.stop(), undefined);
  });

  test("a watch from the past hands over everything since, once, in order, then goes on live", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const from = (await storage.currentRevision()) + 1;
    await write(storage, prefix, 0, 6000);
    const watches = [0, 1, 2999, 5998].map((skip) => ({
      skip,
      watch: startWatch(storage, under(prefix), { fromRevision: from + skip }),
    }));
    await write(storage, prefix, 6000, 200);
    for (const { skip, watch } of watches) {
      assert.deepEqual(
        watch.events.map(revisionOf),
        Array.from({ length: 6200 - skip }, (_, index) => from + skip + index),
      );
      assert.ok(
        watch.revisions.every((revision, index) => index === 0 || revision >= (watch.revisions[index - 1] ?? 0)),
      );
      await watch.stop();
    }
  });

  test("a watch from the future waits for it", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const from = (await storage.currentRevision()) + 3;
    const watch = startWatch(storage, under(prefix), { fromRevision: from });
    for (const value of ["1", "2", "3", "4"]) await storage.put(`${prefix}a`, bytes(value));
    assert.deepEqual(watch.events.map(revisionOf), [from, from + 1]);
    await watch.stop();
  });

  test("a watch that was aborted ends without error and hears nothing more", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const watch = startWatch(storage, under(prefix));
    await storage.put(`${prefix}a`, bytes("1"));
    assert.equal(await watch.stop(), undefined);
    await storage.put(`${prefix}a`, bytes("2"));
    assert.equal(watch.events.length, 1);
  });

  test("a watcher that writes while it is called keeps the order of everybody's events", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const controller = new AbortController();
    const writes: Promise<unknown>[] = [];
    storage.watch(prefix, `${prefix}m`, {
      signal: controller.signal,
      onEvents: (events) => {
        for (const event of events) if (event.type === "put") writes.push(storage.put(`${prefix}z`, event.entry.value));
      },
      onEnd: () => {},
    });
    const watch = startWatch(storage, under(prefix));
    for (let i = 0; i < 10; i++) await storage.put(`${prefix}a`, bytes(String(i)));
    await Promise.all(writes);
    await watch.reached(20);
    const revisions = watch.events.map(revisionOf);
    assert.deepEqual(
      revisions,
      [...revisions].sort((a, b) => a - b),
    );
    assert.equal(new Set(revisions).size, 20);
    controller.abort();
    await watch.stop();
  });

  test("an idle watch is told how far the store has come", async (t) => {
    const { storage, reportsProgress, passTime } = subject();
    if (!reportsProgress) return t.skip("this server does not say so often enough, or cannot be trusted to");
    const prefix = prefixes();
    const watch = startWatch(storage, under(prefix));
    await storage.put(`${prefix.slice(0, -1)}0`, bytes("elsewhere"));
    const revision = await storage.currentRevision();
    await passTime(10_000);
    assert.ok(watch.progress.includes(revision), `${watch.progress} lacks ${revision}`);
    await watch.stop();
  });
}

async function write(storage: Storage, prefix: string, from: number, count: number): Promise<void> {
  const writes: Promise<unknown>[] = [];
  for (let i = from; i < from + count; i++) {
    writes.push(storage.put(`${prefix}${i % 500}`, bytes(String(i))));
    if (writes.length >= 500) await Promise.all(writes.splice(0));
  }
  await Promise.all(writes);
}
