import type { Clock } from "../../base/clock.ts";
import type { Distribution, MetricsRegistry } from "../../base/metrics.ts";
import type { Storage } from "../../storage/storage.ts";

const buckets = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60];

/** A resource as its place in the store tells it. */
export interface StoredResource {
  readonly storagePath: string;
  readonly group: string;
  readonly plural: string;
}

/**
 * The same store, its requests counted and timed under the names that dashboards know (apiserver/pkg/storage/etcd3/metrics),
 * whichever driver it is.
 */
export function measuredStorage(
  store: Storage,
  resources: readonly StoredResource[],
  { metrics, clock }: { readonly metrics: MetricsRegistry; readonly clock: Clock },
): Storage {
  const labels = ["operation", "group", "resource"] as const;
  const durations = metrics.histogram({
    name: "etcd_request_duration_seconds",
    help: "Etcd request latency in seconds for each operation and object type.",
    labels,
    buckets,
  });
  const requests = metrics.counter({
    name: "etcd_requests_total",
    help: "Etcd request counts for each operation and object type.",
    labels,
  });
  const errors = metrics.counter({
    name: "etcd_request_errors_total",
    help: "Etcd failed request counts for each operation and object type.",
    labels,
  });
  const known = new Map(resources.map(({ storagePath, group, plural }) => [storagePath, [group, plural] as const]));
  const series = new Map<string, { readonly duration: Distribution; readonly count: { inc(): void } }>();
  const resourceOf = (key: string): readonly [string, string] => {
    const [, , first = "", second = ""] = key.split("/", 4);
    return known.get(first) ?? known.get(`${first}/${second}`) ?? [first.includes(".") ? first : "", second || first];
  };
  const measure = async <T>(operation: string, key: string, run: () => Promise<T>): Promise<T> => {
    const started = clock.monotonicMs();
    const [group, resource] = resourceOf(key);
    const at = `${operation}/${group}/${resource}`;
    let found = series.get(at);
    if (found === undefined) {
      const duration = durations.labels(operation, group, resource);
      found = { duration, count: requests.labels(operation, group, resource) };
      series.set(at, found);
    }
    found.count.inc();
    try {
      return await run();
    } catch (error) {
      errors.labels(operation, group, resource).inc();
      throw error;
    } finally {
      found.duration.observe((clock.monotonicMs() - started) / 1_000);
    }
  };
  return {
    currentRevision: () => store.currentRevision(),
    get: (key, options) => measure("get", key, () => store.get(key, options)),
    range: (start, end, options) => measure("list", start, () => store.range(start, end, options)),
    put: (key, value, options) => {
      const operation = options?.expectedRevision === 0 ? "create" : "update";
      return measure(operation, key, () => store.put(key, value, options));
    },
    delete: (key, options) => measure("delete", key, () => store.delete(key, options)),
    watch: (start, end, options) => store.watch(start, end, options),
    compact: (revision) => store.compact(revision),
    backup: (path) => store.backup(path),
    ...(store.isStale === undefined ? {} : { isStale: (key: string) => store.isStale!(key) }),
    sizeBytes: () => store.sizeBytes(),
    close: () => store.close(),
  };
}
