import type { MetricsRegistry } from "../../base/metrics.ts";
import type { Storage } from "../../storage/storage.ts";

/** There is one store, whatever it consists of. */
const store = "etcd-0";

/**
 * How large the store is (apiserver/pkg/storage/etcd3/metrics). Nobody waits for the store: what is told is what it was when
 * somebody last looked, at first at the start; where it cannot tell, nothing is.
 */
export function measureStoreSize(metrics: MetricsRegistry, storage: Pick<Storage, "sizeBytes">): void {
  const sizes = metrics.gauge({
    name: "apiserver_storage_size_bytes",
    stability: "STABLE",
    help: "Size of the storage database file physically allocated in bytes.",
    labels: ["storage_cluster_id"],
  });
  let asking = false;
  const look = async (): Promise<void> => {
    if (asking) return;
    asking = true;
    try {
      sizes.labels(store).set(await storage.sizeBytes());
    } catch {
      sizes.remove(store); // Its health is told elsewhere.
    } finally {
      asking = false;
    }
  };
  void look();
  metrics.onCollect(() => void look());
}
