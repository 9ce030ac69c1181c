import assert from "node:assert/strict";
import { test } from "node:test";
import { maxPutBytes, TooLargeError, type WriteResult } from "../storage.ts";
import { plainEntry } from "./model.ts";
import { bytes, type Prefixes, type Subject, startWatch, under } from "./subject.ts";

export function registerWrites(subject: () => Subject, prefixes: Prefixes): void {
  test("each write gets the next revision and tells what was there before", async () => {
    const { storage } = subject();
    const key = `${prefixes()}a`;
    const base = await storage.currentRevision();
    assert.deepEqual(await storage.put(key, bytes("1")), { ok: true, revision: base + 1, previous: undefined });
    const second = await storage.put(key, bytes("2"));
    assert.ok(second.ok);
    assert.equal(second.revision, base + 2);
    const first = { key, value: "1", createRevision: base + 1, modRevision: base + 1 };
    assert.deepEqual(plainEntry(second.previous), first);
    const gone = await storage.delete(key);
    assert.ok(gone.ok);
    assert.deepEqual(plainEntry(gone.previous), { ...first, value: "2", modRevision: base + 2 });
    assert.equal(await storage.currentRevision(), base + 3);
    const reborn = await storage.put(key, bytes("3"));
    assert.deepEqual(reborn, { ok: true, revision: base + 4, previous: undefined });
    assert.equal((await storage.get(key)).entry?.createRevision, base + 4);
  });

  test("a write whose expectation does not hold changes nothing and tells what is there", async () => {
    const { storage } = subject();
    const key = `${prefixes()}a`;
    const created = await storage.put(key, bytes("1"), { expectedRevision: 0 });
    assert.ok(created.ok);
    const { revision } = created;
    const current = { key, value: "1", createRevision: revision, modRevision: revision };
    const check = (result: WriteResult): void => {
      assert.equal(result.ok, false);
      assert.ok(!result.ok);
      assert.deepEqual(plainEntry(result.current), current);
      assert.equal(result.revision, revision);
    };
    check(await storage.put(key, bytes("2"), { expectedRevision: 0 }));
    check(await storage.put(key, bytes("2"), { expectedRevision: revision + 1 }));
    check(await storage.delete(key, { expectedRevision: revision - 1 }));
    check(await storage.delete(key, { expectedRevision: 0 }));
    assert.equal(await storage.currentRevision(), revision);
    assert.ok((await storage.delete(key, { expectedRevision: revision })).ok);
  });

  test("deleting or replacing what does not exist is refused", async () => {
    const { storage } = subject();
    const key = `${prefixes()}a`;
    const revision = await storage.currentRevision();
    const refused = { ok: false, current: undefined, revision };
    assert.deepEqual(await storage.delete(key), refused);
    assert.deepEqual(await storage.delete(key, { expectedRevision: 5 }), refused);
    assert.deepEqual(await storage.delete(key, { expectedRevision: 0 }), refused);
    assert.deepEqual(await storage.put(key, bytes("1"), { expectedRevision: revision }), refused);
  });

  test("values keep their bytes, empty, odd and large ones", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const large = new Uint8Array(1_200_000).map((_, index) => index * 31);
    // Views into a larger buffer: only the view may be stored.
    const view = new Uint8Array([9, 9, 1, 2, 3, 9]).subarray(2, 5);
    const values = { empty: new Uint8Array(0), odd: new Uint8Array([0, 255, 128, 10]), large, view };
    for (const [name, value] of Object.entries(values)) await storage.put(prefix + name, value);
    for (const [name, value] of Object.entries(values)) {
      const { entry } = await storage.get(prefix + name);
      assert.ok(entry !== undefined && Buffer.compare(entry.value, value) === 0, name);
    }
  });

  test("what is too large is refused and changes nothing", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const key = `${prefix}a`;
    const watch = startWatch(storage, under(prefix));
    const sized = (sizeBytes: number): Uint8Array => new Uint8Array(sizeBytes).fill(120);
    const fits = await storage.put(key, sized(maxPutBytes - key.length - 16_384));
    assert.ok(fits.ok);
    for (const sizeBytes of [maxPutBytes - key.length + 1, 2 * maxPutBytes, 3 * 1024 * 1024]) {
      await assert.rejects(storage.put(key, sized(sizeBytes)), new TooLargeError());
      await assert.rejects(storage.put(key, sized(sizeBytes), { expectedRevision: fits.revision }), TooLargeError);
      await assert.rejects(storage.put(key, sized(sizeBytes), { expectedRevision: 0 }), TooLargeError);
      await assert.rejects(storage.put(`${prefix}b`, sized(sizeBytes), { ttlSeconds: 60 }), TooLargeError);
    }
    assert.equal((await storage.get(key)).entry?.modRevision, fits.revision);
    assert.equal(await storage.currentRevision(), fits.revision);
    assert.ok((await storage.put(key, bytes("small"), { expectedRevision: fits.revision })).ok);
    await watch.reached(2);
    await watch.stop();
    assert.equal(watch.events.length, 2);
  });

  test("of concurrent conditional writers exactly one wins each round, and none is lost", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const key = `${prefix}counter`;
    const watch = startWatch(storage, under(prefix));
    await storage.put(key, bytes("0"));
    const increment = async (): Promise<void> => {
      let seen = (await storage.get(key)).entry;
      for (;;) {
        assert.ok(seen !== undefined);
        const next = bytes(String(Number(Buffer.from(seen.value).toString()) + 1));
        const result = await storage.put(key, next, { expectedRevision: seen.modRevision });
        if (result.ok) return;
        seen = result.current;
      }
    };
    await Promise.all(
      Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 10; i++) await increment();
      }),
    );
    const { entry } = await storage.get(key);
    assert.equal(Buffer.from(entry?.value ?? []).toString(), "160");
    const seen = watch.events.map((event) => event.type === "put" && Buffer.from(event.entry.value).toString());
    assert.deepEqual(
      seen,
      Array.from({ length: 161 }, (_, index) => String(index)),
    );
    await watch.stop();
  });
}
