import { apiVersionOf } from "../../apimachinery/resource/define.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { type EventHandler, type Informer, type Informers, objectKey } from "../../client/mod.ts";
import { type Cache, InformerCache, resourceName } from "./cache.ts";
import type { Declaration, Owned, Watched } from "./controller.ts";

/** What a controller follows, and how a change becomes keys of its primary objects. */
export interface Watches extends Disposable {
  readonly cache: Cache;
  informerOf(resource: { readonly group: string; readonly plural: string }): Informer<ApiObject> | undefined;
  synced(signal: AbortSignal): Promise<void>;
}

export interface WatchesOptions {
  readonly informers: Informers;
  readonly enqueue: (key: string, afterMs?: number) => void;
  readonly sawDeletion: (object: ApiObject) => void;
}

/** Wires the informers of a controller to its queue. */
export function wireWatches<P extends ApiObject, O>(declaration: Declaration<P, O>, options: WatchesOptions): Watches {
  const { informers, enqueue, sawDeletion } = options;
  const byName = new Map<string, Informer<ApiObject>>();
  const cache = new InformerCache(byName);
  const handlers: [Informer<ApiObject>, (object: ApiObject, old?: ApiObject) => void][] = [];
  const primary = declaration.primary;
  const follow = (resource: ResourceDefinition, enqueueFor: (object: ApiObject, old?: ApiObject) => void): void => {
    const informer = informers.of(resource, resource === primary ? declaration.selection : undefined);
    byName.set(resourceName(resource), informer);
    handlers.push([informer, enqueueFor]);
  };
  follow(primary, (object, old) => {
    if (old === undefined || declaration.matters?.(object as P, old as P) !== false) enqueue(objectKey(object));
  });
  for (const one of declaration.owns ?? []) {
    const owned = ("resource" in one ? one : { resource: one }) as Owned<ApiObject>;
    follow(owned.resource, (object, old) => {
      for (const key of ownersOf(owned, primary, object, old, cache)) enqueue(key);
    });
  }
  const sources: Extract<Watched, { subscribe: unknown }>[] = [];
  for (const watched of declaration.also ?? []) {
    if ("subscribe" in watched) sources.push(watched);
    else
      follow(watched.resource, (object, old) => {
        if (old !== undefined && watched.matters?.(object, old) === false) return;
        for (const key of watched.keys(object, cache)) enqueue(key);
        if (old !== undefined) for (const key of watched.keys(old, cache)) enqueue(key);
      });
  }
  for (const resource of declaration.reads ?? []) follow(resource, () => undefined);
  const stack = new DisposableStack();
  // Handlers come last: they are told at once of what is there, and look into the other caches.
  for (const [informer, enqueueFor] of handlers) stack.use(informer.addHandler(handlerOf(enqueueFor, sawDeletion)));
  for (const source of sources) stack.use(source.subscribe(enqueue));
  return {
    cache,
    informerOf: (resource) => byName.get(resourceName(resource)),
    async synced(signal) {
      await Promise.all([
        ...Array.from(byName.values(), (informer) => informer.synced(signal)),
        ...sources.map((source) => source.synced(signal)),
      ]);
    },
    [Symbol.dispose]: () => stack.dispose(),
  };
}

function handlerOf(
  enqueueFor: (object: ApiObject, old?: ApiObject) => void,
  sawDeletion: (object: ApiObject) => void,
): EventHandler<ApiObject> {
  return {
    add: (object) => enqueueFor(object),
    update: (object, old) => enqueueFor(object, old),
    delete(object) {
      sawDeletion(object);
      enqueueFor(object);
    },
  };
}

/** Keys of the owners, old and new; of an orphan, those that might adopt it. */
function ownersOf(
  { matches }: Owned<ApiObject>,
  primary: ResourceDefinition,
  object: ApiObject,
  old: ApiObject | undefined,
  cache: Cache,
): Set<string> {
  const keys = new Set<string>();
  for (const state of old === undefined ? [object] : [object, old]) {
    const key = ownerKey(state, primary, cache);
    if (key !== undefined) keys.add(key);
  }
  if (matches !== undefined && controllerOf(object) === undefined) {
    for (const candidate of cache.inNamespace(primary, object.metadata.namespace ?? "")) {
      if (matches(candidate, object)) keys.add(objectKey(candidate));
    }
  }
  return keys;
}

function controllerOf({ metadata }: ApiObject) {
  return metadata.ownerReferences?.find(({ controller }) => controller);
}

/** The key of the primary object that controls this one; undefined where another kind does, or one of another uid. */
function ownerKey(object: ApiObject, primary: ResourceDefinition, cache: Cache): string | undefined {
  const owner = controllerOf(object);
  if (
    owner === undefined ||
    owner.kind !== primary.kind ||
    groupOf(owner.apiVersion) !== groupOf(apiVersionOf(primary))
  ) {
    return undefined;
  }
  const namespace = primary.scope === "Namespaced" ? object.metadata.namespace : undefined;
  const key = objectKey({ metadata: { name: owner.name, ...(namespace === undefined ? {} : { namespace }) } });
  const cached = cache.get(primary, key);
  return cached !== undefined && cached.metadata.uid !== owner.uid ? undefined : key;
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}
