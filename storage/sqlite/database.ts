import { closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { emptyRevision } from "../watch/hub.ts";
import { CorruptStoreError, corruptMessage, failureOf, isBusy, LockedStoreError, lockedMessage } from "./failures.ts";

/** "k8ts" in ASCII: tells our files from other people's databases. */
const applicationId = 0x6b387473;
const formatVersion = 1;

/** WAL pages of 4 KiB that gather before they are moved into the main file: rewritten pages are moved once. */
const checkpointPages = 4000;

/** How long a write waits for somebody who looks at the file with tools of their own. */
const busyTimeoutMs = 2000;

/**
 * One row a revision, appended at the end of the tree, and an index to find a key's latest row at a revision. (With rows kept
 * inside a key-ordered tree instead, writes of such values are several times slower.) Small columns come before the value, so
 * that reading them does not touch the pages a large value overflows to.
 *
 * `prev_rev` is the key's row before this one, 0 where there is none: compaction finds what a row made obsolete without
 * looking for it. `expiry` has a row for each entry with a TTL that is still current.
 */
const schema = `
  CREATE TABLE log (
    rev INTEGER PRIMARY KEY, key TEXT NOT NULL, create_rev INTEGER NOT NULL, prev_rev INTEGER NOT NULL,
    deleted INTEGER NOT NULL, expires_at INTEGER NOT NULL, value BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX log_key ON log (key, rev, deleted);
  CREATE TABLE expiry (expires_at INTEGER NOT NULL, rev INTEGER NOT NULL, PRIMARY KEY (expires_at, rev)) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('compacted', 0), ('swept', 0);
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};
`;

/** The open store as the worker's parts share it. */
export interface Database {
  readonly db: DatabaseSync;
  readonly path: string;
  /** The last committed revision. */
  revision: number;
  /** Reads and watches below are refused. */
  compactedRevision: number;
  /** Rows that revisions below this made obsolete are gone. Less than `compactedRevision` while sweeping. */
  sweptRevision: number;
  close(): void;
}

/** Opens or creates the store, claimed for this process. Throws `LockedStoreError`, `CorruptStoreError`, or SQLite's errors. */
export function openDatabase(path: string, cacheBytes: number): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  createPrivately(path);
  const lock = claim(path);
  try {
    const db = new DatabaseSync(path, { timeout: busyTimeoutMs });
    try {
      prepareFile(db, path, cacheBytes);
      return { db, path, ...readState(db), close: () => closeAll(db, lock) };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    lock.close();
    if (failureOf(error, path).type === "corrupt" && !(error instanceof CorruptStoreError))
      throw new CorruptStoreError(corruptMessage(path, error instanceof Error ? error.message : String(error)));
    throw error;
  }
}

/**
 * Holds an exclusive lock on a file beside the store until the process ends, in whatever way. The store itself is not locked
 * for good, so that a second connection can read a consistent copy for a backup while writes go on.
 */
function claim(path: string): DatabaseSync {
  const lockPath = `${path}.lock`;
  createPrivately(lockPath);
  const lock = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (isBusy(error)) throw new LockedStoreError(lockedMessage(path));
    throw error;
  }
}

/**
 * Makes the file where it is missing, for its owner alone: the store holds Secrets. (SQLite gives the files beside it the same
 * mode.) A file that exists is not even opened: closing it again would drop every lock this process has on it, as fcntl(2) is.
 */
function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

function prepareFile(db: DatabaseSync, path: string, cacheBytes: number): void {
  const isNew = statSync(path).size === 0;
  if (!isNew) checkIdentity(db, path);
  db.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -${Math.ceil(cacheBytes / 1024)};
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    PRAGMA journal_size_limit = ${checkpointPages * 4096 * 4};
    PRAGMA temp_store = MEMORY;
  `);
  // A process killed between creating the file and the first commit leaves it without tables: that is still a new one.
  if (isNew || isBlank(db)) {
    db.exec(`BEGIN IMMEDIATE; ${schema} COMMIT`);
  }
}

function checkIdentity(db: DatabaseSync, path: string): void {
  if (isBlank(db)) return;
  if (pragma(db, "application_id") !== applicationId)
    throw new CorruptStoreError(corruptMessage(path, "it is a database of another application"));
  const version = pragma(db, "user_version");
  if (version !== formatVersion)
    throw new CorruptStoreError(corruptMessage(path, `format ${version}; this k8ts knows format ${formatVersion}`));
}

function isBlank(db: DatabaseSync): boolean {
  return numbers(db.prepare("SELECT count(*) FROM sqlite_schema"))[0] === 0;
}

function readState(db: DatabaseSync): Pick<Database, "revision" | "compactedRevision" | "sweptRevision"> {
  const meta = db.prepare("SELECT value FROM meta WHERE name = ?");
  const [last] = numbers(db.prepare("SELECT coalesce(max(rev), 0) FROM log"));
  return {
    revision: Math.max(emptyRevision, last ?? 0),
    compactedRevision: numbers(meta, "compacted")[0] ?? 0,
    sweptRevision: numbers(meta, "swept")[0] ?? 0,
  };
}

function closeAll(db: DatabaseSync, lock: DatabaseSync): void {
  try {
    db.close();
  } finally {
    lock.close();
  }
}

function pragma(db: DatabaseSync, name: string): number | undefined {
  return numbers(db.prepare(`PRAGMA ${name}`))[0];
}

/** The one row of a query for numbers; empty where there is no row. */
function numbers(statement: StatementSync, ...parameters: string[]): number[] {
  const row = statement.get(...parameters);
  return row === undefined ? [] : Object.values(row).map(Number);
}

/** Runs `body` in one durable transaction: when this returns, it is on disk; when this throws, nothing of it is. */
export function transaction<T>(db: DatabaseSync, body: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // SQLite rolls back by itself on some errors (full disk, I/O).
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** A prepared statement that gives rows as arrays: less to allocate than objects. */
export function prepareArrays(db: DatabaseSync, sql: string): StatementSync {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement;
}
