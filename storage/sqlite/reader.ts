import type { StatementSync } from "node:sqlite";
import { CompactedError, type Entry, FutureRevisionError } from "../storage.ts";
import { type Database, prepareArrays } from "./database.ts";
import type { EntriesReply, HistoryMessage, PackedEvents, RangeRequest } from "./messages.ts";
import { EntriesWriter, EventsWriter } from "./packing.ts";

type EntryRow = [rev: number, createRev: number, deleted: number, value: Uint8Array];
type RangeRow = [key: string, rev: number, createRev: number, value: Uint8Array];
type HistoryRow = [rev: number, key: string, createRev: number, prevRev: number, deleted: number, value: Uint8Array];

/** Bytes of values in one message. Small enough that an entry kept for long does not keep much else alive with it. */
const partBytes = 256 * 1024;
/** Revisions that one request for history looks at. */
const historyRevisions = 2048;

/** Reads at a revision, in steps short enough for writes to pass between them. */
export class Reader {
  readonly #store: Database;
  readonly #entry: StatementSync;
  readonly #range: StatementSync;
  readonly #count: StatementSync;
  readonly #history: StatementSync;
  readonly #atRevision: StatementSync;

  constructor(store: Database) {
    const { db } = store;
    this.#store = store;
    this.#entry = prepareArrays(
      db,
      "SELECT rev, create_rev, deleted, value FROM log WHERE key = ? AND rev <= ? ORDER BY rev DESC LIMIT 1",
    );
    // The columns beside max() are those of the row with the maximum: https://www.sqlite.org/lang_select.html#bareagg
    const latest = `SELECT key, max(rev) AS latest, deleted FROM log WHERE key >= ? AND key < ? AND rev <= ?
       GROUP BY key HAVING NOT deleted`;
    this.#range = prepareArrays(
      db,
      `SELECT found.key, rev, create_rev, value FROM (${latest} ORDER BY key LIMIT ?) AS found CROSS JOIN log ON rev = latest`,
    );
    this.#count = prepareArrays(db, `SELECT count(*) FROM (${latest})`);
    // The plus keeps the index on keys out of it: the log is read in its order.
    this.#history = prepareArrays(
      db,
      `SELECT rev, key, create_rev, prev_rev, deleted, value FROM log
       WHERE rev >= ? AND rev <= ? AND +key >= ? AND +key < ? ORDER BY rev`,
    );
    this.#atRevision = prepareArrays(db, "SELECT rev, create_rev, deleted, value FROM log WHERE rev = ?");
  }

  get(id: number, key: string, revision: number | undefined): EntriesReply {
    const at = this.#readable(revision);
    const entries = new EntriesWriter();
    const entry = entryOf(key, this.#entry.get(key, at) as unknown as EntryRow | undefined);
    if (entry !== undefined) entries.add(entry);
    return { kind: "entries", id, entries: entries.take(), last: { count: entries.count, revision: at } };
  }

  /** The parts of the answer to a range, one a step. All see the same revision. */
  *range({ id, start, end, revision, limit }: RangeRequest): Generator<EntriesReply, void> {
    const at = this.#readable(revision);
    let from = start;
    let given = 0;
    for (;;) {
      const entries = new EntriesWriter();
      const wanted = limit === 0 ? Number.MAX_SAFE_INTEGER : limit - given;
      let cut = false;
      for (const row of this.#range.iterate(from, end, at, wanted) as unknown as Iterable<RangeRow>) {
        const [key, rev, createRev, value] = row;
        entries.add({ key, value, createRevision: createRev, modRevision: rev });
        from = `${key}\0`;
        cut = entries.byteLength >= partBytes;
        if (cut) break;
      }
      given += entries.count;
      const full = limit > 0 && given === limit;
      if (cut && !full) {
        yield { kind: "entries", id, entries: entries.take(), last: undefined };
        continue;
      }
      const count = full ? given + this.#countOf(from, end, at) : given;
      yield { kind: "entries", id, entries: entries.take(), last: { count, revision: at } };
      return;
    }
  }

  /** Events from `from` on, up to `to` or as many as one step should read. */
  history({ start, end, from, to, previous }: HistoryMessage): { events: PackedEvents; through: number } {
    if (from < this.#store.compactedRevision) throw new CompactedError(this.#store.compactedRevision);
    const events = new EventsWriter();
    let through = Math.min(to, from + historyRevisions - 1);
    const rows = this.#history.iterate(from, through, start, end) as unknown as Iterable<HistoryRow>;
    for (const [rev, key, createRev, prevRev, deleted, value] of rows) {
      const before = previous && prevRev > 0 ? this.#entryAt(key, prevRev) : undefined;
      if (deleted) events.add({ type: "delete", key, revision: rev, previous: before });
      else {
        const entry = { key, value, createRevision: createRev, modRevision: rev };
        events.add({ type: "put", entry, previous: before });
      }
      if (events.byteLength >= partBytes) {
        through = rev;
        break;
      }
    }
    return { events: events.take(), through };
  }

  #entryAt(key: string, revision: number): Entry | undefined {
    return entryOf(key, this.#atRevision.get(revision) as unknown as EntryRow | undefined);
  }

  #countOf(start: string, end: string, revision: number): number {
    return (this.#count.get(start, end, revision) as unknown as [number])[0];
  }

  #readable(revision: number | undefined): number {
    if (revision === undefined) return this.#store.revision;
    if (revision > this.#store.revision) throw new FutureRevisionError(this.#store.revision);
    if (revision < this.#store.compactedRevision) throw new CompactedError(this.#store.compactedRevision);
    return revision;
  }
}

function entryOf(key: string, row: EntryRow | undefined): Entry | undefined {
  if (row === undefined || row[2] !== 0) return undefined;
  return { key, value: row[3], createRevision: row[1], modRevision: row[0] };
}
