import { sortKey } from "../key-order.ts";
import type { Entry, StorageEvent } from "../storage.ts";

/** The whole contract in its plainest form: the list of all writes. Starts at the revision the real store is at. */
export class Model {
  readonly base: number;
  readonly events: StorageEvent[] = [];
  compacted: number;

  constructor(base: number) {
    this.base = base;
    this.compacted = base;
  }

  get revision(): number {
    return this.base + this.events.length;
  }

  at(key: string, revision = this.revision): Entry | undefined {
    for (let i = Math.min(revision - this.base, this.events.length) - 1; i >= 0; i--) {
      const event = this.events[i] as StorageEvent;
      if (event.type === "put" && event.entry.key === key) return event.entry;
      if (event.type === "delete" && event.key === key) return undefined;
    }
    return undefined;
  }

  range(start: string, end: string, revision = this.revision): Entry[] {
    const keys = new Set(this.events.map(keyOfEvent).filter((key) => isWithin(key, start, end)));
    const entries = [...keys].map((key) => this.at(key, revision)).filter((entry) => entry !== undefined);
    return entries.sort((a, b) => (sortKey(a.key) < sortKey(b.key) ? -1 : 1));
  }

  put(key: string, value: Uint8Array, expected: number | undefined): boolean {
    const previous = this.at(key);
    if (expected !== undefined && expected !== (previous?.modRevision ?? 0)) return false;
    const modRevision = this.revision + 1;
    const entry = { key, value, createRevision: previous?.createRevision ?? modRevision, modRevision };
    this.events.push({ type: "put", entry, previous });
    return true;
  }

  delete(key: string, expected: number | undefined): boolean {
    const previous = this.at(key);
    if (previous === undefined || (expected !== undefined && expected !== previous.modRevision)) return false;
    this.events.push({ type: "delete", key, revision: this.revision + 1, previous });
    return true;
  }

  /** What a watch from `from` must have been handed by now. */
  watched(start: string, end: string, from: number): StorageEvent[] {
    return this.events.filter((event) => revisionOf(event) >= from && isWithin(keyOfEvent(event), start, end));
  }
}

function keyOfEvent(event: StorageEvent): string {
  return event.type === "put" ? event.entry.key : event.key;
}

export function revisionOf(event: StorageEvent): number {
  return event.type === "put" ? event.entry.modRevision : event.revision;
}

export function isWithin(key: string, start: string, end: string): boolean {
  return sortKey(key) >= sortKey(start) && sortKey(key) < sortKey(end);
}

/** Values as text, so that entries from different drivers compare and print well. */
export function plainEntry(entry: Entry | undefined): unknown {
  return entry && { ...entry, value: Buffer.from(entry.value).toString("latin1") };
}

export function plainEvent(event: StorageEvent, withPrevious: boolean): unknown {
  const previous = withPrevious ? plainEntry(event.previous) : undefined;
  if (event.type === "put") return { type: "put", entry: plainEntry(event.entry), previous };
  return { type: "delete", key: event.key, revision: event.revision, previous };
}
