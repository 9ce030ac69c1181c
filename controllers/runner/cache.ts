import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { type Informer, indexes, type ResourceIdentity } from "../../client/mod.ts";

/** What a controller may read: the resources it declared. Objects are shared and frozen; lists are the caller's own. */
export interface Cache {
  get<T extends ApiObject>(resource: ResourceDefinition<T>, key: string): T | undefined;
  list<T extends ApiObject>(resource: ResourceDefinition<T>): T[];
  inNamespace<T extends ApiObject>(resource: ResourceDefinition<T>, namespace: string): T[];
  /** Objects whose controller is `owner`. */
  ownedBy<T extends ApiObject>(owner: ApiObject, resource: ResourceDefinition<T>): T[];
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

  #of<T extends ApiObject>(resource: ResourceDefinition<T>) {
    const informer = this.#informers.get(resourceName(resource)) as Informer<T> | undefined;
    if (informer === undefined)
      throw new Error(`the controller reads ${resourceName(resource)}, which it did not declare`);
    return informer.cache;
  }
}
