import assert from "node:assert/strict";
import { test } from "node:test";
import { FutureRevisionError } from "../storage.ts";
import { bytes, type Prefixes, type Subject, under } from "./subject.ts";

export function registerReads(subject: () => Subject, prefixes: Prefixes): void {
  test("a range is in the order of UTF-8 bytes, its end excluded", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const names = ["a", "a/b", "a0", "B", "é", "\ud7ff", "\ufffd", "\u{10000}", "\u{1f600}"];
    for (const name of names) await storage.put(prefix + name, bytes(name));
    const { start } = under(prefix);
    const all = await storage.range(start, `${prefix}\u{10ffff}`);
    const byBytes = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(
      all.entries.map(({ key }) => key.slice(prefix.length)),
      byBytes,
    );
    const some = await storage.range(`${prefix}a`, `${prefix}a0`);
    assert.deepEqual(
      some.entries.map(({ key }) => key.slice(prefix.length)),
      ["a", "a/b"],
    );
    assert.deepEqual((await storage.range(`${prefix}b`, `${prefix}a`)).entries, []);
  });

  test("a limit cuts a range, which still tells how many there are", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    for (const name of ["a", "b", "c", "d"]) await storage.put(prefix + name, bytes(name));
    await storage.delete(`${prefix}b`);
    const { start, end } = under(prefix);
    const page = await storage.range(start, end, { limit: 2 });
    assert.deepEqual(
      page.entries.map(({ key }) => key.slice(prefix.length)),
      ["a", "c"],
    );
    assert.deepEqual([page.count, page.more], [3, true]);
    const rest = await storage.range(`${prefix}c\0`, end, { limit: 2, revision: page.revision });
    assert.deepEqual(
      [rest.entries.map(({ key }) => key.slice(prefix.length)), rest.count, rest.more],
      [["d"], 1, false],
    );
    const exact = await storage.range(start, end, { limit: 3 });
    assert.deepEqual([exact.entries.length, exact.count, exact.more], [3, 3, false]);
  });

  test("a read sees the store as it was at the revision asked for, whatever came later", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const { start, end } = under(prefix);
    const before = await storage.currentRevision();
    await storage.put(`${prefix}a`, bytes("1"));
    await storage.put(`${prefix}b`, bytes("1"));
    const middle = await storage.currentRevision();
    await storage.put(`${prefix}a`, bytes("2"));
    await storage.delete(`${prefix}b`);
    const text = async (revision: number): Promise<string[]> => {
      const result = await storage.range(start, end, { revision });
      assert.equal(result.count, result.entries.length);
      return result.entries.map(({ key, value }) => `${key.slice(prefix.length)}${Buffer.from(value)}`);
    };
    assert.deepEqual(await text(before), []);
    assert.deepEqual(await text(middle), ["a1", "b1"]);
    assert.deepEqual(await text(middle + 1), ["a2", "b1"]);
    assert.deepEqual(await text(middle + 2), ["a2"]);
    assert.equal((await storage.get(`${prefix}b`, { revision: middle })).entry?.modRevision, middle);
  });

  test("a read in the future is refused", async () => {
    const { storage } = subject();
    const revision = (await storage.currentRevision()) + 1;
    const check = (error: unknown): boolean =>
      error instanceof FutureRevisionError && error.currentRevision === revision - 1;
    await assert.rejects(storage.get("a", { revision }), check);
    await assert.rejects(storage.range("a", "b", { revision }), check);
  });

  test("a long range comes whole, and at one revision while others write", async () => {
    const { storage } = subject();
    const prefix = prefixes();
    const value = new Uint8Array(2048);
    const names = Array.from({ length: 1500 }, (_, index) => String(index).padStart(5, "0"));
    await Promise.all(names.map((name) => storage.put(prefix + name, value)));
    const { start, end } = under(prefix);
    const reading = storage.range(start, end);
    const writing = names.map((name) => storage.put(prefix + name, bytes("new")));
    const result = await reading;
    await Promise.all(writing);
    assert.equal(result.entries.length, 1500);
    assert.ok(result.entries.every(({ modRevision }) => modRevision <= result.revision));
    assert.deepEqual(
      result.entries.map(({ key }) => key.slice(prefix.length)),
      names,
    );
    const again = await storage.range(start, end, { revision: result.revision });
    assert.deepEqual(
      again.entries.map(({ modRevision }) => modRevision),
      result.entries.map(({ modRevision }) => modRevision),
    );
  });
}
