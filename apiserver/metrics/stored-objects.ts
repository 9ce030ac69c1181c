import type { MetricsRegistry } from "../../base/metrics.ts";
import type { ResourceCache } from "../cache/resource-cache.ts";

export interface CachedResource {
  readonly definition: { readonly group: string; readonly plural: string; readonly storedAs?: unknown };
  readonly cache: Pick<ResourceCache, "size" | "byteLength" | "received">;
}

/** How many objects there are of each resource, and how large they are together; looked at when somebody asks. */
export function measureStoredObjects(metrics: MetricsRegistry, resources: () => Iterable<CachedResource>): void {
  const help =
    "Number of stored objects at the time of last check split by kind. In case of a fetching error, the value will be -1.";
  const labels = ["group", "resource"] as const;
  const objects = metrics.gauge({ name: "apiserver_resource_objects", help, labels });
  const former = metrics.gauge({
    name: "apiserver_storage_objects",
    stability: "STABLE",
    help: `[DEPRECATED, consider using apiserver_resource_objects instead] ${help}`,
    labels: ["resource"],
  });
  const sizes = metrics.gauge({
    name: "apiserver_resource_size_estimate_bytes",
    help: "Estimated size of stored objects in database. Estimate is based on sum of last observed sizes of serialized objects. In case of a fetching error, the value will be -1.",
    labels,
  });
  const events = metrics.counter({
    name: "apiserver_storage_events_received_total",
    stability: "BETA",
    help: "Number of etcd events received split by kind.",
    labels,
  });
  metrics.onCollect(() => {
    for (const { definition, cache } of resources()) {
      const { group, plural, storedAs } = definition;
      // Other versions are the same objects.
      if (storedAs !== undefined) continue;
      objects.labels(group, plural).set(cache.size);
      sizes.labels(group, plural).set(cache.byteLength);
      if (cache.received > 0) {
        const received = events.labels(group, plural);
        received.inc(cache.received - received.value);
      }
      former.labels(group === "" ? plural : `${plural}.${group}`).set(cache.size);
    }
  });
}
