import type { StatementSync } from "node:sqlite";
import { FutureRevisionError } from "../storage.ts";
import { type Database, prepareArrays, transaction } from "./database.ts";

type Row = [rev: number, prevRev: number, deleted: number];

/** Rows that one transaction looks at: a few milliseconds, between which writes pass. */
const sweepRows = 256;

/**
 * Forgets history below a revision R. That R is compacted is committed at once, and reads below it are refused from then on;
 * the rows go afterwards, some at a time, and where the process ends before, the next one goes on.
 *
 * A row goes once a row below R has replaced it, and a deletion below R goes itself. The last row a reader at R sees stays,
 * and so does the one that R itself replaced: a watch from R is told what was there before. Only rows since the last
 * compaction are looked at, so the work is that of the writes since, whatever the size of the store.
 */
export class Compactor {
  readonly #store: Database;
  readonly #rows: StatementSync;
  readonly #delete: StatementSync;
  readonly #setMeta: StatementSync;

  constructor(store: Database) {
    const { db } = store;
    this.#store = store;
    this.#rows = prepareArrays(
      db,
      `SELECT rev, prev_rev, deleted FROM log WHERE rev >= ? AND rev < ? ORDER BY rev LIMIT ${sweepRows}`,
    );
    this.#delete = db.prepare("DELETE FROM log WHERE rev = ?");
    this.#setMeta = db.prepare("UPDATE meta SET value = ? WHERE name = ?");
  }

  get pending(): boolean {
    return this.#store.sweptRevision < this.#store.compactedRevision;
  }

  /** Refuses readers below `revision` from now on; `sweep` has to follow. */
  begin(revision: number): void {
    if (revision > this.#store.revision) throw new FutureRevisionError(this.#store.revision);
    if (revision <= this.#store.compactedRevision) return;
    transaction(this.#store.db, () => this.#setMeta.run(revision, "compacted"));
    this.#store.compactedRevision = revision;
  }

  /** Deletes some obsolete rows. */
  sweep(): void {
    const { db, sweptRevision, compactedRevision } = this.#store;
    const rows = this.#rows.all(sweptRevision, compactedRevision) as unknown as Row[];
    const last = rows[rows.length - 1];
    const swept = rows.length < sweepRows || last === undefined ? compactedRevision : last[0] + 1;
    transaction(db, () => {
      for (const [rev, prevRev, deleted] of rows) {
        if (prevRev > 0) this.#delete.run(prevRev);
        if (deleted) this.#delete.run(rev);
      }
      this.#setMeta.run(swept, "swept");
    });
    this.#store.sweptRevision = swept;
  }
}
