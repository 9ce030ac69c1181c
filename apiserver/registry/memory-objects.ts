import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectChange, ObjectReader, ObjectWriter } from "./access.ts";

type Key = Pick<ResourceDefinition, "group" | "kind" | "plural">;

/**
 * Objects in plain memory, without registry, storage or admission: what unit tests of the server's decisions read and
 * write. Changes reach listeners before the write returns, as the real reader promises.
 */
export class MemoryObjects implements ObjectReader, ObjectWriter {
  readonly #objects = new Map<string, Map<string, ApiObject>>();
  readonly #listeners = new Map<string, Set<(change: ObjectChange<ApiObject>) => void>>();
  #revision = 0;
  writes = 0;

  get<T extends ApiObject>(definition: ResourceDefinition<T>, namespace: string, name: string): T | undefined {
    return this.#all(definition).get(`${namespace}/${name}`) as T | undefined;
  }

  *list<T extends ApiObject>(definition: ResourceDefinition<T>, namespace?: string): Iterable<T> {
    for (const object of this.#all(definition).values()) {
      if (namespace === undefined || (object.metadata.namespace ?? "") === namespace) yield object as T;
    }
  }

  onChange<T extends ApiObject>(
    definition: ResourceDefinition<T>,
    listener: (change: ObjectChange<T>) => void,
  ): () => void {
    const key = keyOf(definition);
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners);
    listeners.add(listener as (change: ObjectChange<ApiObject>) => void);
    return () => listeners.delete(listener as (change: ObjectChange<ApiObject>) => void);
  }

  /** Adds or replaces without asking. */
  set<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): T {
    const given = object as ApiObject;
    const { namespace = "", name } = given.metadata;
    const all = this.#all(definition);
    const previous = all.get(`${namespace}/${name}`);
    const stored = {
      ...given,
      metadata: { uid: `uid-${name}`, ...given.metadata, resourceVersion: String(++this.#revision) },
    };
    all.set(`${namespace}/${name}`, stored);
    this.#tell(definition, { type: previous ? "MODIFIED" : "ADDED", object: stored, previous });
    return stored as unknown as T;
  }

  async create<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T> {
    const { namespace = "", name = "" } = (object as ApiObject).metadata;
    if (this.get(definition, namespace, name)) throw ApiError.alreadyExists(resourceOf(definition), name);
    this.writes++;
    return this.set(definition, object);
  }

  async update<T extends ApiObject>(definition: ResourceDefinition<T>, object: object): Promise<T> {
    const { namespace = "", name = "", resourceVersion } = (object as ApiObject).metadata;
    const current = this.get(definition, namespace, name);
    if (!current) throw ApiError.notFound(resourceOf(definition), name);
    if (resourceVersion !== undefined && resourceVersion !== current.metadata.resourceVersion)
      throw ApiError.conflict(resourceOf(definition), name);
    this.writes++;
    return this.set(definition, object);
  }

  async delete<T extends ApiObject>(
    definition: ResourceDefinition<T>,
    namespace: string,
    name: string,
    only?: { readonly uid: string },
  ): Promise<void> {
    const current = this.get(definition, namespace, name);
    if (!current) throw ApiError.notFound(resourceOf(definition), name);
    if (only !== undefined && only.uid !== current.metadata.uid) throw ApiError.conflict(resourceOf(definition), name);
    this.writes++;
    this.#all(definition).delete(`${namespace}/${name}`);
    this.#tell(definition, { type: "DELETED", object: current as ApiObject, previous: current as ApiObject });
  }

  #all(definition: Key): Map<string, ApiObject> {
    const key = keyOf(definition);
    let all = this.#objects.get(key);
    if (!all) {
      all = new Map();
      this.#objects.set(key, all);
    }
    return all;
  }

  #tell(definition: Key, change: ObjectChange<ApiObject>): void {
    for (const listener of this.#listeners.get(keyOf(definition)) ?? []) listener(change);
  }
}

function keyOf(definition: Key): string {
  return `${definition.group}/${definition.plural}`;
}

function resourceOf(definition: Key): { group: string; resource: string } {
  return { group: definition.group, resource: definition.plural };
}
