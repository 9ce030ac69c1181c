import type { Clock } from "../../base/mod.ts";
import type { EtcdClient } from "./client.ts";
import { decodeLeaseGrant, encodeLeaseGrant } from "./messages.ts";

/** Bounds of upstream (staging/src/k8s.io/apiserver/pkg/storage/etcd3/lease_manager.go). */
const longestReuseSeconds = 60;
const reuseShare = 0.05;
const keysPerLease = 1000;
/** Kinds of time to live remembered at once. */
const maxPools = 100;

interface Pool {
  readonly lease: Promise<bigint>;
  /** Monotonic; keys attached later would not live long enough. */
  readonly usableUntilMs: number;
  keys: number;
}

/**
 * Leases shared by keys that want to live equally long and were written within the same minute, or the twentieth part of
 * their time to live where that is less. Such a lease lives that much longer, so no key goes too early.
 */
export class Leases {
  readonly #client: EtcdClient;
  readonly #clock: Clock;
  readonly #pools = new Map<number, Pool>();

  constructor(client: EtcdClient, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /** A lease that ends no sooner than `ttlSeconds` from now. */
  for(ttlSeconds: number): Promise<bigint> {
    const pool = this.#pools.get(ttlSeconds);
    if (pool !== undefined && pool.keys < keysPerLease && this.#clock.monotonicMs() < pool.usableUntilMs) {
      pool.keys++;
      return pool.lease;
    }
    return this.#grant(ttlSeconds);
  }

  /** The lease turned out to be gone. */
  forget(ttlSeconds: number): void {
    this.#pools.delete(ttlSeconds);
  }

  #grant(ttlSeconds: number): Promise<bigint> {
    const reuseSeconds = Math.min(longestReuseSeconds, Math.floor(ttlSeconds * reuseShare));
    const lease = this.#client
      .call({
        method: "Lease/LeaseGrant",
        request: encodeLeaseGrant(Math.ceil(ttlSeconds) + reuseSeconds),
        decode: decodeLeaseGrant,
        // A lease granted to nobody ends by itself: asking twice does no harm.
        kind: "read",
      })
      .then(({ id }) => id);
    if (reuseSeconds > 0) {
      if (this.#pools.size >= maxPools) this.#pools.clear();
      const pool = { lease, usableUntilMs: this.#clock.monotonicMs() + reuseSeconds * 1000, keys: 1 };
      this.#pools.set(ttlSeconds, pool);
      lease.catch(() => {
        if (this.#pools.get(ttlSeconds) === pool) this.#pools.delete(ttlSeconds);
      });
    }
    return lease;
  }
}
