import type { Clock } from "../base/clock.ts";
import { TokenBucket, type TokenBucketOptions } from "./token-bucket.ts";

/** How long a key that failed shall wait (client-go util/workqueue). */
export interface RateLimiter<K> {
  /** Counts one more failure; milliseconds to wait for it. */
  delayMs(key: K): number;
  /** The key is fine again, or given up: its failures are forgotten. */
  forget(key: K): void;
  /** Failures since `forget`. */
  requeues(key: K): number;
}

export interface ExponentialOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** `base`, doubled with each failure of the key, up to `max`. */
export function exponentialRateLimiter<K>({ baseMs, maxMs }: ExponentialOptions): RateLimiter<K> {
  const failures = new Map<K, number>();
  return {
    delayMs(key) {
      const count = failures.get(key) ?? 0;
      failures.set(key, count + 1);
      return Math.min(maxMs, baseMs * 2 ** count);
    },
    forget: (key) => void failures.delete(key),
    requeues: (key) => failures.get(key) ?? 0,
  };
}

/** One bucket for all keys. */
export function bucketRateLimiter<K>(options: TokenBucketOptions): RateLimiter<K> {
  const bucket = new TokenBucket(options);
  return { delayMs: () => bucket.reserve(), forget() {}, requeues: () => 0 };
}

/** The longest of several waits. */
export function maxOfRateLimiters<K>(...limiters: readonly RateLimiter<K>[]): RateLimiter<K> {
  return {
    delayMs: (key) => Math.max(0, ...limiters.map((limiter) => limiter.delayMs(key))),
    forget(key) {
      for (const limiter of limiters) limiter.forget(key);
    },
    requeues: (key) => Math.max(0, ...limiters.map((limiter) => limiter.requeues(key))),
  };
}

/** What upstream's controllers use: 5 ms doubling to 1,000 s a key, and 10 retries a second over all with bursts of 100. */
export function defaultControllerRateLimiter<K>(clock: Pick<Clock, "monotonicMs">): RateLimiter<K> {
  return maxOfRateLimiters(
    exponentialRateLimiter<K>({ baseMs: 5, maxMs: 1_000_000 }),
    bucketRateLimiter<K>({ clock, perSecond: 10, burst: 100 }),
  );
}
