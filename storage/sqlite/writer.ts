import type { StatementSync } from "node:sqlite";
import type { Entry, StorageEvent } from "../storage.ts";
import { type Database, prepareArrays, transaction } from "./database.ts";
import { type PackedEvents, type WriteRequest, type WrittenReply, writeNumbers } from "./messages.ts";
import { BytesReader, BytesWriter, EventsWriter } from "./packing.ts";

type LatestRow = [rev: number, createRev: number, deleted: number, expiresAt: number, value: Uint8Array];
type ExpiredRow = [rev: number, expiresAt: number, key: string, createRev: number, value: Uint8Array];

/** How many expired entries one transaction deletes. */
const expireBatch = 256;
const nothing = new Uint8Array(0);

/** Decides and writes. What is handed over together commits together: one sync of the disk for all. */
export class Writer {
  readonly #store: Database;
  readonly #latest: StatementSync;
  readonly #insert: StatementSync;
  readonly #setExpiry: StatementSync;
  readonly #clearExpiry: StatementSync;
  readonly #expired: StatementSync;
  readonly #nextExpiry: StatementSync;

  constructor(store: Database) {
    const { db } = store;
    this.#store = store;
    this.#latest = prepareArrays(
      db,
      "SELECT rev, create_rev, deleted, expires_at, value FROM log WHERE key = ? ORDER BY rev DESC LIMIT 1",
    );
    this.#insert = db.prepare("INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)");
    this.#setExpiry = db.prepare("INSERT INTO expiry VALUES (?, ?)");
    this.#clearExpiry = db.prepare("DELETE FROM expiry WHERE expires_at = ? AND rev = ?");
    this.#expired = prepareArrays(
      db,
      `SELECT expiry.rev, expiry.expires_at, key, create_rev, value FROM expiry CROSS JOIN log ON log.rev = expiry.rev
       WHERE expiry.expires_at <= ? ORDER BY expiry.expires_at, expiry.rev LIMIT ${expireBatch}`,
    );
    this.#nextExpiry = prepareArrays(db, "SELECT expires_at FROM expiry ORDER BY expires_at LIMIT 1");
  }

  /** Decides each write against those before it, commits all that go ahead, and says what became of each. */
  write(requests: readonly WriteRequest[]): WrittenReply {
    const results: number[] = [];
    const previousValues = new BytesWriter();
    const revision = transaction(this.#store.db, () => {
      let last = this.#store.revision;
      for (const { keys, numbers, bytes } of requests) {
        const values = new BytesReader(bytes);
        for (let i = 0; i < keys.length; i++) {
          const at = i * writeNumbers;
          const length = numbers[at + 3] as number;
          const done = this.#writeOne({
            key: keys[i] as string,
            value: numbers[at] === 1 ? values.next(length) : undefined,
            expected: numbers[at + 1] as number,
            expiresAt: numbers[at + 2] as number,
            revision: last + 1,
            results,
            previousValues,
          });
          if (done) last++;
        }
      }
      return last;
    });
    this.#store.revision = revision;
    return { kind: "written", numbers: Float64Array.from(results), bytes: previousValues.take() };
  }

  /** Deletes some of what expired by `nowMs`, as ordinary deletes. */
  expire(nowMs: number): { events: PackedEvents; nextExpiryMs: number } {
    const events = new EventsWriter();
    const rows = this.#expired.all(nowMs) as unknown as ExpiredRow[];
    if (rows.length > 0) {
      this.#store.revision = transaction(this.#store.db, () => {
        let last = this.#store.revision;
        for (const [rev, expiresAt, key, createRev, value] of rows) {
          this.#clearExpiry.run(expiresAt, rev);
          this.#insert.run(++last, key, 0, rev, 1, 0, nothing);
          const previous: Entry = { key, value, createRevision: createRev, modRevision: rev };
          const event: StorageEvent = { type: "delete", key, revision: last, previous };
          events.add(event);
        }
        return last;
      });
    }
    return { events: events.take(), nextExpiryMs: this.nextExpiryMs() };
  }

  /** When the next entry expires, in milliseconds since 1970; 0: none will. */
  nextExpiryMs(): number {
    return (this.#nextExpiry.get() as unknown as [number] | undefined)?.[0] ?? 0;
  }

  #writeOne(write: Write): boolean {
    const row = this.#latest.get(write.key) as unknown as LatestRow | undefined;
    const [rev, createRev, deleted, expiresAt, value] = row ?? [0, 0, 1, 0, nothing];
    const exists = deleted === 0;
    const refused =
      (write.expected >= 0 && write.expected !== (exists ? rev : 0)) || (write.value === undefined && !exists);
    write.results.push(refused ? 0 : 1, refused ? write.revision - 1 : write.revision);
    if (exists) write.results.push(createRev, rev, value.byteLength);
    else write.results.push(0, 0, -1);
    if (exists) write.previousValues.add(value);
    if (refused) return false;
    if (write.value === undefined) this.#insert.run(write.revision, write.key, 0, rev, 1, 0, nothing);
    else {
      const created = exists ? createRev : write.revision;
      this.#insert.run(write.revision, write.key, created, rev, 0, write.expiresAt, write.value);
      if (write.expiresAt > 0) this.#setExpiry.run(write.expiresAt, write.revision);
    }
    if (expiresAt > 0) this.#clearExpiry.run(expiresAt, rev);
    return true;
  }
}

interface Write {
  readonly key: string;
  /** Undefined: delete. */
  readonly value: Uint8Array | undefined;
  /** -1: whatever is there. */
  readonly expected: number;
  /** 0: never. */
  readonly expiresAt: number;
  /** The revision it gets if it goes ahead. */
  readonly revision: number;
  readonly results: number[];
  readonly previousValues: BytesWriter;
}
