import { PersistentVolumeClaim } from "../../api/core/v1/persistent-volume-claim.ts";
import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import { Pod } from "../../api/core/v1/pod.ts";
import { evaluatorOf } from "../../api/core/v1/quota/all.ts";
import { sameAmounts } from "../../api/core/v1/quota/amounts.ts";
import { type Counted, calculateUsage } from "../../api/core/v1/quota/calculate.ts";
import type { QuotaContext } from "../../api/core/v1/quota/evaluator.ts";
import { isTerminating, usesQuota } from "../../api/core/v1/quota/pods.ts";
import { quotaServiceType } from "../../api/core/v1/quota/services.ts";
import { claimUsageMayDiffer } from "../../api/core/v1/quota/volume-claims.ts";
import { ResourceQuota } from "../../api/core/v1/resource-quota.ts";
import { Service } from "../../api/core/v1/service.ts";
import type { ContainerStatus } from "../../api/generated/types/core-v1.ts";
import { DeviceClass, ResourceClaim } from "../../api/resource/v1/dynamic-resources.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { LruMap } from "../../base/lru-map.ts";
import { objectKey } from "../../client/mod.ts";
import type { Entry } from "../inventory/entry.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { Cache } from "../runner/cache.ts";
import { type Controller, defineController, type Watched } from "../runner/controller.ts";
import { type Observed, restMsPerObject, summarize, tellsLimits } from "./plan.ts";

/** Quotas whose last change is remembered. */
const maxQuotas = 10_000;
/** Objects that go together are counted together. */
const gatherMs = 20;

/** Whose usage depends on what they say; of all other objects, being there is what counts. */
const detailed: readonly ResourceDefinition[] = [Pod, Service, PersistentVolumeClaim, ResourceClaim];
const isDetailed = (group: string, plural: string): boolean =>
  detailed.some((one) => one.group === group && one.plural === plural);

/** The last look at a quota. */
interface Look {
  readonly version: string | undefined;
  readonly changedAtMs: number;
  readonly againAtMs: number;
}

/**
 * Tells of each ResourceQuota what its namespace uses: at once where limits change or objects go, else every five minutes.
 * What comes, admission has counted.
 */
export function resourceQuotaController(inventory: Inventory): Controller {
  const seen = new LruMap<string, Look>(maxQuotas);
  const uncounted = new Set<string>();
  return defineController<ResourceQuota, Observed>({
    name: "resourcequota-controller",
    serviceAccount: "resourcequota-controller",
    queue: "resourcequota_primary",
    primary: ResourceQuota,
    // What admission counts is right until something goes.
    matters: (quota, old) => !sameAmounts(quota.spec?.hard ?? {}, old.spec?.hard ?? {}) || !tellsLimits(quota),
    also: [
      freed(Pod, podFreesSomething),
      freed(Service, (now, old) => quotaServiceType(now) !== quotaServiceType(old)),
      freed(PersistentVolumeClaim, claimUsageMayDiffer),
      freed(ResourceClaim, () => false),
      goneObjects(inventory),
      newResources(inventory, uncounted),
    ],
    reads: [DeviceClass],
    workers: 5,
    observe(quota, cache, now) {
      const { uid = "", resourceVersion: version, namespace = "" } = quota.metadata;
      const last = seen.get(uid);
      const changedAtMs = last?.version === version ? (last?.changedAtMs ?? now) : now;
      const rests = last !== undefined && now < last.againAtMs && tellsLimits(quota);
      const againAtMs = rests ? last.againAtMs : now + inventory.graph.contentOf(namespace).size * restMsPerObject;
      seen.set(uid, { version, changedAtMs, againAtMs });
      const usage = rests
        ? undefined
        : calculateUsage(quota, countedIn(namespace, cache, inventory), contextOf(cache, now));
      if (usage !== undefined) note(uncounted, quota, usage);
      return { quota, usage, againAtMs, changedAtMs, now };
    },
    plan: () => [],
    summarize,
    gone(key) {
      uncounted.delete(key);
      return [];
    },
  });
}

/** Changes of one resource that leave something to others. */
function freed<T extends ApiObject>(resource: ResourceDefinition<T>, mayFree: (object: T, old: T) => boolean): Watched {
  return {
    resource,
    keys: ({ metadata }, cache) => cache.inNamespace(ResourceQuota, metadata.namespace ?? "").map(objectKey),
    matters: (object, old) => mayFree(object as T, old as T),
  };
}

/** A pod that ends, that gets or loses a deadline, or whose containers have been resized (DefaultUpdateFilter). */
function podFreesSomething(pod: Pod, old: Pod): boolean {
  const at = Number.NEGATIVE_INFINITY;
  if (isTerminating(pod) !== isTerminating(old) || (usesQuota(old, at) && !usesQuota(pod, at))) return true;
  return (
    resized(pod.status?.containerStatuses, old.status?.containerStatuses) ||
    resized(pod.status?.initContainerStatuses, old.status?.initContainerStatuses)
  );
}

function resized(statuses: readonly ContainerStatus[] = [], old: readonly ContainerStatus[] = []): boolean {
  return statuses.some(({ name, resources }, i) => {
    const before = old[i]?.name === name ? old[i] : old.find((one) => one.name === name);
    return before !== undefined && !semanticEqual(resources, before.resources);
  });
}

/** Objects of any resource that are no more: of others than `detailed`, nobody else tells. */
export function goneObjects(inventory: Pick<Inventory, "listen" | "synced">): Watched {
  return {
    synced: (signal) => inventory.synced(signal),
    subscribe(enqueue) {
      // Most namespaces have none: whether one is concerned must not take a look at all that is in it.
      const quotas = new Map<string, Set<string>>();
      return inventory.listen({
        changed({ namespace, name, resource }) {
          if (!isQuota(resource)) return;
          const names = quotas.get(namespace) ?? new Set();
          quotas.set(namespace, names.add(name));
        },
        removed({ namespace, name, resource }) {
          const names = quotas.get(namespace);
          if (names === undefined) return;
          if (isQuota(resource) && names.delete(name) && names.size === 0) quotas.delete(namespace);
          if (isDetailed(resource.group, resource.plural)) return;
          for (const quota of names) enqueue(`${namespace}/${quota}`, gatherMs);
        },
      });
    },
  };
}

/** Remembers whether a quota limits what nobody counts: objects of a resource that is not served yet, say. */
function note(uncounted: Set<string>, quota: ResourceQuota, usage: ResourceList): void {
  const isWhole = Object.keys(quota.spec?.hard ?? {}).every((name) => usage[name] !== undefined);
  if (isWhole) uncounted.delete(objectKey(quota));
  else if (uncounted.size < maxQuotas) uncounted.add(objectKey(quota));
}

/** The server was asked what it serves: what nobody counted may be counted now. */
function newResources(inventory: Inventory, uncounted: ReadonlySet<string>): Watched {
  return {
    synced: (signal) => inventory.synced(signal),
    subscribe: (enqueue) =>
      inventory.onDiscovery(() => {
        for (const key of uncounted) enqueue(key, gatherMs);
      }),
  };
}

function isQuota({ group, plural }: Entry["resource"]): boolean {
  return group === "" && plural === "resourcequotas";
}

function* countedIn(namespace: string, cache: Cache, inventory: Inventory): Generator<Counted> {
  for (const definition of detailed) {
    const evaluator = evaluatorOf(definition.group, definition.plural)!;
    yield { evaluator, objects: () => cache.inNamespace(definition, namespace) };
  }
  const entries = Map.groupBy(
    inventory.graph.contentOf(namespace),
    ({ resource }) => `${resource.plural}.${resource.group}`,
  );
  for (const { group, plural, scope } of inventory.discovery.preferred) {
    if (scope !== "Namespaced" || isDetailed(group, plural)) continue;
    const evaluator = evaluatorOf(group, plural);
    if (evaluator === undefined) continue;
    // Only their number counts: what stands for them need not be the objects.
    const objects = (): ApiObject[] => (entries.get(`${plural}.${group}`) ?? []).map(() => anyObject);
    yield { evaluator, objects };
  }
}

const anyObject: ApiObject = { apiVersion: "v1", kind: "Object", metadata: {} };

function contextOf(cache: Cache, now: number): QuotaContext {
  return {
    now,
    deviceClasses: () => cache.list(DeviceClass),
    pod: (namespace, name) => cache.get(Pod, `${namespace}/${name}`),
    claims: (namespace) => cache.inNamespace(ResourceClaim, namespace),
  };
}
