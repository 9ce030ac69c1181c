import type { Entry, StorageEvent } from "../storage.ts";
import type { KeyValue, WatchEvent } from "./messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A range of etcd's keys. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

/** Translates between the store's keys and etcd's, which all begin with a prefix. */
export class Keyspace {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  key(key: string): Uint8Array {
    return encoder.encode(this.#prefix + key);
  }

  /** Undefined where the range is empty by itself: etcd would read such a pair in ways of its own. */
  range(start: string, end: string): KeyRange | undefined {
    // etcd has no empty key; the least one there can be is a zero byte.
    const key = this.key(start === "" && this.#prefix === "" ? "\0" : start);
    const rangeEnd = this.key(end);
    return Buffer.compare(key, rangeEnd) < 0 ? { key, rangeEnd } : undefined;
  }

  entry({ key, value, createRevision, modRevision }: KeyValue): Entry {
    return { key: this.#keyOf(key), value, createRevision, modRevision };
  }

  event({ deleted, kv, previous }: WatchEvent): StorageEvent {
    if (kv === undefined) throw new Error("etcd sent an event without a key");
    const before = previous && this.entry(previous);
    if (!deleted) return { type: "put", entry: this.entry(kv), previous: before };
    return { type: "delete", key: this.#keyOf(kv.key), revision: kv.modRevision, previous: before };
  }

  #keyOf(key: Uint8Array): string {
    return decoder.decode(key).slice(this.#prefix.length);
  }
}
