import type { ApiObject } from "../../apimachinery/resource/object.ts";

/** The values under which an object is found; none leaves it out of the index. Pure. */
export type IndexFunction<T> = (object: T) => readonly string[];

const none: readonly string[] = [];

/** By `metadata.namespace`. */
export const namespaceIndex: IndexFunction<ApiObject> = ({ metadata: { namespace } }) =>
  namespace === undefined ? none : [namespace];

/** By the uid of each owner. */
export const ownerUidIndex: IndexFunction<ApiObject> = ({ metadata: { ownerReferences } }) =>
  ownerReferences === undefined ? none : ownerReferences.map(({ uid }) => uid);

/** By the uid of the one owner that controls it. */
export const controllerUidIndex: IndexFunction<ApiObject> = ({ metadata: { ownerReferences } }) => {
  const controller = ownerReferences?.find((owner) => owner.controller);
  return controller === undefined ? none : [controller.uid];
};

/** `namespace/name`, or `name` of what belongs to the cluster (cache.MetaNamespaceKeyFunc). */
export function objectKey({ metadata: { namespace, name } }: Pick<ApiObject, "metadata">): string {
  return namespace === undefined || namespace === "" ? (name ?? "") : `${namespace}/${name ?? ""}`;
}

/** The parts of an `objectKey`. */
export function splitKey(key: string): { readonly namespace: string | undefined; readonly name: string } {
  const slash = key.indexOf("/");
  return slash < 0
    ? { namespace: undefined, name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/** What readers of a cache may do. Objects are shared and frozen; lists are the caller's own. */
export interface Lister<T> {
  readonly size: number;
  get(key: string): T | undefined;
  has(key: string): boolean;
  list(): T[];
  keys(): Iterable<string>;
  values(): Iterable<T>;
  /** Objects that the named index has under `value`. Throws where there is no such index. */
  byIndex(index: string, value: string): T[];
  /** Values in use of an index. */
  indexValues(index: string): string[];
}

/**
 * Objects by key, and by any number of indexes that are kept with each change.
 *
 * Guarantee: after each call, an object is found under exactly the values its index functions give for it.
 */
export class Indexer<T extends ApiObject> implements Lister<T> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<
    string,
    { readonly of: IndexFunction<T>; readonly values: Map<string, Map<string, T>> }
  >();

  constructor(indexes: Readonly<Record<string, IndexFunction<T>>> = {}) {
    for (const [name, of] of Object.entries(indexes)) this.addIndex(name, of);
  }

  get size(): number {
    return this.#objects.size;
  }

  /** Adds an index over what is there already. The same function under the same name is fine; another throws. */
  addIndex(name: string, of: IndexFunction<T>): void {
    const known = this.#indexes.get(name);
    if (known?.of === of) return;
    if (known !== undefined) throw new Error(`there is another index named ${name}`);
    const values = new Map<string, Map<string, T>>();
    for (const [key, object] of this.#objects) insert(values, of(object), key, object);
    this.#indexes.set(name, { of, values });
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  keys(): Iterable<string> {
    return this.#objects.keys();
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  byIndex(index: string, value: string): T[] {
    const found = this.#index(index).values.get(value);
    return found === undefined ? [] : [...found.values()];
  }

  indexValues(index: string): string[] {
    return [...this.#index(index).values.keys()];
  }

  /** Adds or replaces; the object that was there before. */
  set(object: T): T | undefined {
    const key = objectKey(object);
    const old = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const { of, values } of this.#indexes.values()) {
      if (old !== undefined) remove(values, of(old), key);
      insert(values, of(object), key, object);
    }
    return old;
  }

  /** The object that was there. */
  delete(key: string): T | undefined {
    const old = this.#objects.get(key);
    if (old === undefined) return undefined;
    this.#objects.delete(key);
    for (const { of, values } of this.#indexes.values()) remove(values, of(old), key);
    return old;
  }

  #index(name: string): { readonly values: Map<string, Map<string, T>> } {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new Error(`there is no index named ${name}`);
    return index;
  }
}

function insert<T>(values: Map<string, Map<string, T>>, under: readonly string[], key: string, object: T): void {
  for (const value of under) {
    const objects = values.get(value);
    if (objects === undefined) values.set(value, new Map([[key, object]]));
    else objects.set(key, object);
  }
}

function remove<T>(values: Map<string, Map<string, T>>, under: readonly string[], key: string): void {
  for (const value of under) {
    const objects = values.get(value);
    if (objects === undefined) continue;
    objects.delete(key);
    if (objects.size === 0) values.delete(value);
  }
}
