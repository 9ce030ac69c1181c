import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { type IndexFunction, type Informer, indexes, type Lister, type ResourceIdentity } from "../../client/mod.ts";

/** A way to find objects by what they say. A constant: indexes of one name are one index. Kept from the first use on. */
export interface CacheIndex<T extends ApiObject> {
  readonly name: string;
  readonly of: IndexFunction<T>;
}

/** Those that nobody controls, by namespace. */
const orphanIndex: CacheIndex<ApiObject> = {
  name: "orphans",
  of: ({ metadata: { namespace = "", ownerReferences } }) =>
    ownerReferences?.some(({ controller }) => controller) ? [] : [namespace],
};

/** What a controller may read: the resources it declared. Objects are shared and frozen; lists are the caller's own. */
export interface Cache {
  get<T extends ApiObject>(resource: ResourceDefinition<T>, key: string): T | undefined;
  list<T extends ApiObject>(resource: ResourceDefinition<T>): T[];
  inNamespace<T extends ApiObject>(resource: ResourceDefinition<T>, namespace: string): T[];
  /** Objects whose controller is `owner`. */
  ownedBy<T extends ApiObject>(owner: ApiObject, resource: ResourceDefinition<T>): T[];
  /** Objects of the namespace without a controller. */
  orphans<T extends ApiObject>(resource: ResourceDefinition<T>, namespace: string): T[];
  byIndex<T extends ApiObject>(resource: ResourceDefinition<T>, index: CacheIndex<T>, value: string): T[];
}

/** Names a resource among those of a controller. */
export function resourceName({ group, plural }: Pick<ResourceIdentity, "group" | "plural">): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** The caches of a controller's informers as one. */
export class InformerCache implements Cache {
  readonly #informers: ReadonlyMap<string, Informer<ApiObject>>;

  constructor(informers: ReadonlyMap<string, Informer<ApiObject>>) {
    this.#informers = informers;
  }

  get<T extends ApiObject>(resource: ResourceDefinition<T>, key: string): T | undefined {
    return this.#of(resource).get(key);
  }

  list<T extends ApiObject>(resource: ResourceDefinition<T>): T[] {
    return this.#of(resource).list();
  }

  inNamespace<T extends ApiObject>(resource: ResourceDefinition<T>, namespace: string): T[] {
    return this.#of(resource).byIndex(indexes.namespace, namespace);
  }

  ownedBy<T extends ApiObject>(owner: ApiObject, resource: ResourceDefinition<T>): T[] {
    return this.#of(resource).byIndex(indexes.controllerUid, owner.metadata.uid ?? "");
  }

  orphans<T extends ApiObject>(resource: ResourceDefinition<T>, namespace: string): T[] {
    return this.byIndex(resource, orphanIndex, namespace);
  }

  byIndex<T extends ApiObject>(resource: ResourceDefinition<T>, { name, of }: CacheIndex<T>, value: string): T[] {
    const informer = this.#informer(resource);
    informer.addIndex(name, of);
    return informer.cache.byIndex(name, value);
  }

  #of<T extends ApiObject>(resource: ResourceDefinition<T>): Lister<T> {
    return this.#informer(resource).cache;
  }

  #informer<T extends ApiObject>(resource: ResourceDefinition<T>): Informer<T> {
    const informer = this.#informers.get(resourceName(resource)) as Informer<T> | undefined;
    if (informer === undefined)
      throw new Error(`the controller reads ${resourceName(resource)}, which it did not declare`);
    return informer;
  }
}
