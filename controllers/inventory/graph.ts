import type { Draft } from "../../apimachinery/resource/object.ts";
import { differs, type Entry } from "./entry.ts";

/** Is told of each change after the graph has it. Must be quick and must not throw. */
export interface GraphListener {
  /** New, or something of interest has changed from `old`. */
  changed(entry: Entry, old: Entry | undefined): void;
  removed(entry: Entry): void;
}

const nothing: ReadonlySet<Entry> = new Set();

/**
 * Entries by uid, by namespace and by the uids of their owners.
 *
 * Guarantee: after each call an entry is found by exactly its own uid, its namespace and each of its owners' uids, whether
 * those owners are there or not.
 */
export class Graph {
  readonly #entries = new Map<string, Entry>();
  readonly #dependents = new Map<string, Set<Entry>>();
  readonly #contents = new Map<string, Set<Entry>>();
  readonly #listeners = new Set<GraphListener>();

  get size(): number {
    return this.#entries.size;
  }

  get(uid: string): Entry | undefined {
    return this.#entries.get(uid);
  }

  values(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Those that name this uid as an owner. */
  dependents(uid: string): ReadonlySet<Entry> {
    return this.#dependents.get(uid) ?? nothing;
  }

  contentOf(namespace: string): ReadonlySet<Entry> {
    return this.#contents.get(namespace) ?? nothing;
  }

  /** Dispose to hear no more. What there is is told before this returns. */
  listen(listener: GraphListener): Disposable {
    for (const entry of this.#entries.values()) listener.changed(entry, undefined);
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Adds, or replaces the state of that uid. Returns the entry that is kept. */
  set(entry: Entry): Entry {
    const old = this.#entries.get(entry.uid);
    if (old !== undefined && old.resource === entry.resource && !differs(old, entry)) {
      // Most changes of most objects: nothing but the version, so nobody needs to hear of it.
      (old as Draft<Entry>).resourceVersion = entry.resourceVersion;
      return old;
    }
    if (old !== undefined) this.#unlink(old);
    this.#entries.set(entry.uid, entry);
    for (const { uid } of entry.owners) link(this.#dependents, uid, entry);
    if (entry.namespace !== "") link(this.#contents, entry.namespace, entry);
    for (const listener of this.#listeners) listener.changed(entry, old);
    return entry;
  }

  remove(entry: Entry): void {
    if (this.#entries.get(entry.uid) !== entry) return;
    this.#entries.delete(entry.uid);
    this.#unlink(entry);
    for (const listener of this.#listeners) listener.removed(entry);
  }

  #unlink(entry: Entry): void {
    for (const { uid } of entry.owners) unlink(this.#dependents, uid, entry);
    if (entry.namespace !== "") unlink(this.#contents, entry.namespace, entry);
  }
}

function link(index: Map<string, Set<Entry>>, key: string, entry: Entry): void {
  const entries = index.get(key);
  if (entries === undefined) index.set(key, new Set([entry]));
  else entries.add(entry);
}

function unlink(index: Map<string, Set<Entry>>, key: string, entry: Entry): void {
  const entries = index.get(key);
  if (entries === undefined) return;
  entries.delete(entry);
  if (entries.size === 0) index.delete(key);
}
