import { join } from "node:path";
import type { Clock, Logger } from "../base/mod.ts";
import type { EtcdTls } from "./etcd/client.ts";
import type { Storage } from "./storage.ts";

export interface OpenStorageOptions {
  readonly clock: Clock;
  readonly logger?: Logger;
  /** The cluster's data directory; a store in a file lies in `store/state.db` below it. */
  readonly dataDir: string;
  /** PEM, for etcd over https: the authority that signed the servers' certificates, and the client's certificate and key. */
  readonly tls?: EtcdTls;
  /** What every key in etcd begins with. Default: nothing. */
  readonly keyPrefix?: string;
  /** The sqlite worker's file, where a build puts it in an unusual place. */
  readonly workerUrl?: URL;
}

/**
 * Opens the store that `--store` names: `sqlite`, `memory` or `etcd=URL[,URL]`. Drivers are loaded when first asked for. Rejects with `RangeError`
 * where there is no such driver, otherwise as the driver does.
 */
export async function openStorage(store: string, options: OpenStorageOptions): Promise<Storage> {
  const { clock, logger, dataDir, workerUrl } = options;
  if (store === "memory") {
    const { memoryStorage } = await import("./memory/memory.ts");
    return memoryStorage({ clock });
  }
  if (store === "sqlite") {
    const { sqliteStorage } = await import("./sqlite/sqlite.ts");
    const path = join(dataDir, "store", "state.db");
    return sqliteStorage({ path, clock, ...(logger && { logger }), ...(workerUrl && { workerUrl }) });
  }
  if (store.startsWith("etcd=")) {
    const { etcdStorage } = await import("./etcd/etcd.ts");
    const endpoints = store.slice("etcd=".length).split(",").filter(Boolean);
    const { tls, keyPrefix } = options;
    return etcdStorage({
      endpoints,
      clock,
      ...(logger && { logger }),
      ...(tls && { tls }),
      ...(keyPrefix !== undefined && { keyPrefix }),
    });
  }
  throw new RangeError(`unknown store ${JSON.stringify(store)}: it must be sqlite, memory or etcd=URL[,URL]`);
}
