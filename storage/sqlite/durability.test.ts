import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { realClock, VirtualClock } from "../../base/mod.ts";
import { revisionOf } from "../contract/model.ts";
import { bytes, startWatch, under } from "../contract/subject.ts";
import { CompactedError, type Storage, StorageUnavailableError } from "../storage.ts";
import { CorruptStoreError, LockedStoreError } from "./failures.ts";
import { sqliteStorage } from "./sqlite.ts";

const clock = new VirtualClock();
const timeout = 60_000;
const run = promisify(execFile);

test("what was written is there after a restart: entries, history, compaction and revisions", { timeout }, () =>
  inFolder(async (folder) => {
    const path = join(folder, "state.db");
    const first = await sqliteStorage({ path, clock });
    for (let i = 0; i < 10; i++) await first.put("/a/x", bytes(String(i)));
    await first.delete("/a/x");
    await first.put("/a/y", bytes("y"));
    await first.compact(5);
    await first.close();

    const second = await sqliteStorage({ path, clock });
    assert.equal(second.currentRevision(), 13);
    assert.equal(Buffer.from((await second.get("/a/x", { revision: 8 })).entry?.value ?? []).toString(), "6");
    await assert.rejects(second.get("/a/x", { revision: 4 }), CompactedError);
    const watch = startWatch(second, under("/a/"), { fromRevision: 5, previous: true });
    assert.equal((await second.put("/a/x", bytes("new"))).revision, 14);
    assert.deepEqual(watch.events.map(revisionOf), [5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    assert.equal(watch.events[0]?.previous?.modRevision, 4);
    await watch.stop();
    await second.close();
  }),
);

test("a time to live goes on through a restart", { timeout }, () =>
  inFolder(async (folder) => {
    const path = join(folder, "state.db");
    const first = await sqliteStorage({ path, clock });
    await first.put("/a", bytes("1"), { ttlSeconds: 60 });
    await first.put("/b", bytes("1"), { ttlSeconds: 600 });
    await first.close();
    await clock.advance(61_000);
    const second = await sqliteStorage({ path, clock });
    const watch = startWatch(second, { start: "/", end: "0" });
    const expired = clock.advance(1);
    await watch.reached(1);
    await expired;
    assert.deepEqual(
      (await second.range("/", "0")).entries.map(({ key }) => key),
      ["/b"],
    );
    await second.close();
  }),
);

test("a thousand keys that expire at once all go", { timeout }, () =>
  inFolder(async (folder) => {
    const storage = await sqliteStorage({ path: join(folder, "state.db"), clock });
    const watch = startWatch(storage, under("/events/"));
    const names = Array.from({ length: 1000 }, (_, index) => `/events/${index}`);
    await Promise.all(names.map((name) => storage.put(name, bytes("1"), { ttlSeconds: 5 })));
    // Virtual time does not wait for the worker.
    await clock.advance(5000);
    await watch.reached(2000);
    assert.equal((await storage.range("/", "0")).count, 0);
    await storage.close();
  }),
);

test("a store that another process has open is refused, and says what to do", { timeout }, () =>
  inFolder(async (folder) => {
    const path = join(folder, "state.db");
    const storage = await sqliteStorage({ path, clock });
    await storage.put("/a", bytes("1"));
    await assert.rejects(sqliteStorage({ path, clock }), isLocked(path));
    const script = `
      const { sqliteStorage } = await import(${JSON.stringify(new URL("./sqlite.ts", import.meta.url).href)});
      const error = await sqliteStorage({ path: ${JSON.stringify(path)}, clock: {} }).catch((error) => error);
      process.stdout.write(error.name + ": " + error.message);`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
    assert.match(stdout, /LockedStoreError: .*state\.db is in use by another process: stop/);
    await storage.put("/a", bytes("2"));
    await storage.close();
    await (await sqliteStorage({ path, clock })).close();
  }),
);

test("a file that is damaged or not ours is refused and left as it is", { timeout }, () =>
  inFolder(async (folder) => {
    const good = join(folder, "good.db");
    const storage = await sqliteStorage({ path: good, clock });
    for (let i = 0; i < 100; i++) await storage.put(`/a/${i}`, new Uint8Array(3000));
    await storage.close();
    const whole = await readFile(good);
    const damaged = {
      text: Buffer.from(
        "these are not the bytes of a database, but they are more than a header's worth of text. ".repeat(20),
      ),
      header: Buffer.concat([Buffer.alloc(100, 7), whole.subarray(100)]),
      tables: Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0xaa)]),
      foreign: await foreignDatabase(join(folder, "foreign.db")),
    };
    for (const [name, content] of Object.entries(damaged)) {
      const path = join(folder, `${name}-damaged.db`);
      await writeFile(path, content);
      await assert.rejects(
        sqliteStorage({ path, clock }),
        (error) =>
          error instanceof CorruptStoreError && error.message.includes(path) && /restore a backup/.test(error.message),
        name,
      );
      assert.deepEqual(await readFile(path), content, `${name}: the file was changed`);
    }
  }),
);

test("a full disk refuses writes, loses nothing, and takes writes again when there is room", { timeout }, (t) =>
  inFolder(async (folder) => {
    const mount = join(folder, "disk");
    await mkdir(mount);
    const mounted = await run("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", mount]).catch((error: Error) => error);
    if (mounted instanceof Error) {
      t.skip(`no small file system can be mounted here: ${mounted.message.trim()}`);
      return;
    }
    try {
      await fillAndRecover(join(mount, "state.db"), join(mount, "ballast"));
    } finally {
      await run("umount", ["--lazy", mount]);
    }
  }),
);

async function fillAndRecover(path: string, ballast: string): Promise<void> {
  await writeFile(ballast, new Uint8Array(3 * 1024 * 1024));
  const storage = await sqliteStorage({ path, clock });
  const watch = startWatch(storage, under("/a/"));
  const kept: string[] = [];
  let failure: unknown;
  for (let i = 0; failure === undefined; i++) {
    const key = `/a/${String(i).padStart(6, "0")}`;
    await storage.put(key, new Uint8Array(20_000).fill(i)).then(
      () => kept.push(key),
      (error: unknown) => {
        failure = error;
      },
    );
  }
  assert.ok(failure instanceof StorageUnavailableError, String(failure));
  assert.match(failure.message, /state\.db/);
  assert.ok(kept.length > 50);
  const check = async (store: Storage): Promise<void> => {
    const { entries, revision } = await store.range("/a/", "/a0");
    assert.deepEqual(
      entries.map(({ key }) => key),
      kept,
    );
    assert.equal(revision, kept.length + 1);
  };
  await check(storage);
  assert.equal(watch.events.length, kept.length, "a watcher was told of a write that was not taken");

  await rm(ballast);
  await storage.put("/a/z", bytes("there is room again"));
  kept.push("/a/z");
  await check(storage);
  await watch.stop();
  await storage.close();
  const reopened = await sqliteStorage({ path, clock });
  await check(reopened);
  await reopened.close();
}

test("a backup taken while writes go on is one moment of the store, whole, and opens", { timeout }, () =>
  inFolder(async (folder) => {
    const storage = await sqliteStorage({ path: join(folder, "state.db"), clock: realClock });
    for (let i = 0; i < 3000; i++) void storage.put(`/a/${i}`, new Uint8Array(2000));
    await storage.put("/b", bytes("0"));
    const before = storage.currentRevision() as number;
    let writing = true;
    let written = 0;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      while (writing) {
        await storage.put(`/b/${writer}`, new Uint8Array(2000));
        written++;
      }
    });
    const path = join(folder, "copy", "backup.db");
    await mkdir(join(folder, "copy"));
    await storage.backup(path);
    const duringBackup = written;
    writing = false;
    await Promise.all(writers);
    const after = storage.currentRevision() as number;
    await storage.close();
    assert.ok(duringBackup > 0, "no write was taken while the backup ran");
    assert.deepEqual(await readdir(join(folder, "copy")), ["backup.db"]);

    const copy = await sqliteStorage({ path, clock: realClock });
    const revision = copy.currentRevision() as number;
    assert.ok(revision >= before && revision <= after, `${before} ${revision} ${after}`);
    assert.equal((await copy.range("/a/", "/a0")).count, 3000);
    const watch = startWatch(copy, { start: "/", end: "0" }, { fromRevision: 2 });
    await watch.reached(revision - 1);
    assert.deepEqual(
      watch.events.map(revisionOf),
      Array.from({ length: revision - 1 }, (_, index) => index + 2),
    );
    await watch.stop();
    await copy.close();
  }),
);

test("a backup that cannot be written leaves nothing behind and says why", { timeout }, () =>
  inFolder(async (folder) => {
    const storage = await sqliteStorage({ path: join(folder, "state.db"), clock });
    await assert.rejects(storage.backup(join(folder, "missing", "backup.db")), /missing/);
    await storage.put("/a", bytes("1"));
    await storage.close();
  }),
);

test("compaction frees room that later writes use, in steps that let writes pass", { timeout }, () =>
  inFolder(async (folder) => {
    const storage = await sqliteStorage({ path: join(folder, "state.db"), clock });
    const fill = async (): Promise<void> => {
      const writes: Promise<unknown>[] = [];
      for (let i = 0; i < 4000; i++) writes.push(storage.put(`/a/${i % 100}`, new Uint8Array(2000)));
      await Promise.all(writes);
    };
    await fill();
    const compacting = storage.compact(storage.currentRevision() as number);
    let over = false;
    void compacting.then(() => {
      over = true;
    });
    await storage.put("/b", bytes("in between"));
    assert.equal(over, false, "the write had to wait for the whole compaction");
    await compacting;
    // Opening a copy is the way to see what a file holds without the log beside it.
    const sizeAfter = async (): Promise<number> => {
      await storage.backup(join(folder, "copy.db"));
      return (await readFile(join(folder, "copy.db"))).length;
    };
    const once = await sizeAfter();
    for (let round = 0; round < 3; round++) {
      await fill();
      await storage.compact(storage.currentRevision() as number);
    }
    assert.ok((await sizeAfter()) < once * 1.3, "freed pages were not used again");
    assert.equal((await storage.range("/a/", "/a0")).count, 100);
    await storage.close();
  }),
);

function isLocked(path: string): (error: unknown) => boolean {
  return (error) => error instanceof LockedStoreError && error.message.includes(path);
}

async function foreignDatabase(path: string): Promise<Buffer> {
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE people (name TEXT)");
  db.close();
  return readFile(path);
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "k8ts-sqlite-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
