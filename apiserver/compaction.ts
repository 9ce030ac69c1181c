import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Storage } from "../storage/storage.ts";

const defaultIntervalMs = 5 * 60_000;

export interface CompactionOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long history is kept, once or twice; 0 keeps all. Default 5 minutes. */
  readonly intervalMs: number | undefined;
  /** The newest revision that is known. */
  readonly revision: () => number;
}

/** Every interval, the store forgets what was older than the interval before (etcd3/compact.go). Returns what ends it. */
export function compactRegularly(options: CompactionOptions): () => void {
  const { storage, clock, logger, intervalMs = defaultIntervalMs, revision } = options;
  if (intervalMs <= 0) return () => {};
  let timer: Timer;
  const schedule = (old: number): void => {
    timer = clock
      .setTimer(intervalMs, () => {
        storage.compact(old).catch((error: unknown) => logger.warn("compaction failed", { revision: old, error }));
        schedule(revision());
      })
      .unref();
  };
  schedule(revision());
  return () => timer.clear();
}
