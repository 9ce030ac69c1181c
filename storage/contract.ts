import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { registerCompaction } from "./contract/compaction.ts";
import { registerRandomOperations } from "./contract/random.ts";
import { registerReads } from "./contract/reads.ts";
import { bytes, type Subject, type SubjectFactory, startWatch, under } from "./contract/subject.ts";
import { registerTimeToLive } from "./contract/time-to-live.ts";
import { registerWatches } from "./contract/watches.ts";
import { registerWrites } from "./contract/writes.ts";
import { ClosedError } from "./storage.ts";

export type { Subject, SubjectFactory } from "./contract/subject.ts";

/** Registers tests of every guarantee in `storage.ts` for one driver. The tests share one store and use keys of their own. */
export function describeStorageContract(driver: string, open: SubjectFactory): void {
  describe(`${driver} keeps the contract:`, { timeout: 300_000 }, () => {
    let current: Subject | undefined;
    let prefixes = 0;
    const subject = (): Subject => {
      assert.ok(current !== undefined, "the store did not open");
      return current;
    };
    const nextPrefix = (): string => `/contract/${String(prefixes++).padStart(6, "0")}/`;
    before(async () => {
      current = await open();
    });
    after(() => current?.dispose());

    test("a new store is empty, at revision 1", async (t) => {
      const { storage, fresh } = subject();
      if (!fresh) return t.skip("this store is shared");
      assert.equal(await storage.currentRevision(), 1);
      assert.deepEqual(await storage.range("/", "0"), { entries: [], count: 0, more: false, revision: 1 });
    });
    registerWrites(subject, nextPrefix);
    registerReads(subject, nextPrefix);
    registerWatches(subject, nextPrefix);
    registerTimeToLive(subject, nextPrefix);
    registerCompaction(subject, nextPrefix);
    registerRandomOperations(subject, nextPrefix);
    test("closing keeps what was accepted, ends every watch, and refuses what comes later", async () => {
      const { storage } = subject();
      const prefix = nextPrefix();
      const watch = startWatch(storage, under(prefix));
      const accepted = storage.put(`${prefix}a`, bytes("1"));
      const closing = storage.close();
      assert.ok((await accepted).ok);
      await closing;
      assert.ok((await watch.ended) instanceof ClosedError);
      assert.equal(watch.events.length, 1);
      await assert.rejects(storage.put(`${prefix}a`, bytes("2")), ClosedError);
      await assert.rejects(storage.get(`${prefix}a`), ClosedError);
      assert.ok((await startWatch(storage, under(prefix)).ended) instanceof ClosedError);
      await storage.close();
    });
  });
}
