import type { ApiObject } from "../apimachinery/resource/object.ts";
import { abortable } from "../base/cancellation.ts";
import { Reflector, type ReflectorOptions, type ReflectorStore } from "./reflector.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { Indexer, type IndexFunction, type Lister, objectKey } from "./store/indexer.ts";

/** Is told of each change, after the cache has it. Calls come in the server's order; they must be quick and must not throw. */
export interface EventHandler<T> {
  /** `initial`: the object was there before anyone looked. */
  add?(object: T, info: { readonly initial: boolean }): void;
  update?(object: T, old: T): void;
  /** `finalStateUnknown`: the deletion was missed, `object` is the last state known (a tombstone). */
  delete?(object: T, info: { readonly finalStateUnknown: boolean }): void;
}

export interface InformerOptions<T extends ApiObject> extends Omit<ReflectorOptions<T>, "store"> {
  readonly indexes?: Readonly<Record<string, IndexFunction<T>>>;
}

interface Waiter {
  readonly resourceVersion: string;
  readonly reached: PromiseWithResolvers<void>;
}

/**
 * A cache of a resource that many share, and its changes as they come (client-go SharedIndexInformer, without resync).
 *
 * Guarantees: a handler sees, for each object, add, then updates, then delete, each consistent with `cache` at that moment;
 * one that comes late is first told of all there is. A handler that throws ends `run` with its error.
 */
export class Informer<T extends ApiObject> {
  readonly #indexer: Indexer<T>;
  readonly #reflector: Reflector<T>;
  readonly #handlers = new Set<EventHandler<T>>();
  readonly #synced = Promise.withResolvers<void>();
  #waiters: Waiter[] = [];
  #hasSynced = false;
  #resourceVersion = "";

  constructor(options: InformerOptions<T>) {
    this.#indexer = new Indexer(options.indexes);
    this.#reflector = new Reflector({ ...options, store: this.#store() });
  }

  get cache(): Lister<T> {
    return this.#indexer;
  }

  /** True once the cache has held everything there was. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** The version up to which the cache is complete; "" before `hasSynced`. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  addIndex(name: string, of: IndexFunction<T>): void {
    this.#indexer.addIndex(name, of);
  }

  /** Dispose to hear no more. What the cache holds is told before this returns. */
  addHandler(handler: EventHandler<T>): Disposable {
    this.#handlers.add(handler);
    for (const object of this.#indexer.values()) handler.add?.(object, { initial: true });
    return { [Symbol.dispose]: () => void this.#handlers.delete(handler) };
  }

  /** Resolves when the cache has held everything there was. */
  synced(signal?: AbortSignal): Promise<void> {
    return this.#hasSynced ? Promise.resolve() : abortable(this.#synced.promise, signal);
  }

  /** Resolves when the cache is complete up to `resourceVersion`: a reader then sees that write. */
  async reached(resourceVersion: string, signal?: AbortSignal): Promise<void> {
    if (compareResourceVersions(this.#resourceVersion, resourceVersion) >= 0) return;
    const waiter: Waiter = { resourceVersion, reached: Promise.withResolvers<void>() };
    this.#waiters.push(waiter);
    try {
      await abortable(waiter.reached.promise, signal);
    } finally {
      if (signal?.aborted) this.#waiters = this.#waiters.filter((other) => other !== waiter);
    }
  }

  /** Fills and follows until `signal` aborts. To be called once. */
  run(signal: AbortSignal): Promise<void> {
    return this.#reflector.run(signal);
  }

  #store(): ReflectorStore<T> {
    return {
      replace: (objects) => this.#replace(objects),
      set: (object) => this.#set(object, false),
      delete: (object) => this.#delete(objectKey(object), object),
      observed: (resourceVersion) => this.#observed(resourceVersion),
    };
  }

  #replace(objects: readonly T[]): void {
    const initial = !this.#hasSynced;
    const present = new Set(objects.map(objectKey));
    const gone = [...this.#indexer.keys()].filter((key) => !present.has(key));
    for (const key of gone) this.#delete(key, undefined);
    for (const object of objects) this.#set(object, initial);
    this.#hasSynced = true;
    this.#synced.resolve();
  }

  #set(object: T, initial: boolean): void {
    const old = this.#indexer.set(object);
    if (old === undefined) for (const handler of this.#handlers) handler.add?.(object, { initial });
    else if (old.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while nobody looked: two objects, so two events.
      for (const handler of this.#handlers) {
        handler.delete?.(old, { finalStateUnknown: true });
        handler.add?.(object, { initial: false });
      }
    } else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) {
      for (const handler of this.#handlers) handler.update?.(object, old);
    }
  }

  #delete(key: string, last: T | undefined): void {
    const known = this.#indexer.delete(key);
    if (known === undefined) return;
    for (const handler of this.#handlers) handler.delete?.(last ?? known, { finalStateUnknown: last === undefined });
  }

  #observed(resourceVersion: string): void {
    this.#resourceVersion = resourceVersion;
    if (this.#waiters.length === 0) return;
    const waiting = this.#waiters;
    this.#waiters = waiting.filter((waiter) => compareResourceVersions(resourceVersion, waiter.resourceVersion) < 0);
    for (const waiter of waiting) {
      if (compareResourceVersions(resourceVersion, waiter.resourceVersion) >= 0) waiter.reached.resolve();
    }
  }
}
