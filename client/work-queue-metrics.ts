import type { Clock } from "../base/clock.ts";
import { exponentialBuckets, type MetricsRegistry } from "../base/metrics.ts";

/** What a work queue tells about itself. */
export interface WorkQueueMetrics<K> {
  add(key: K): void;
  get(key: K): void;
  done(key: K): void;
  retry(): void;
}

export const noWorkQueueMetrics: WorkQueueMetrics<unknown> = { add() {}, get() {}, done() {}, retry() {} };

export interface WorkQueueMetricsOptions {
  readonly registry: MetricsRegistry;
  /** Value of the label `name`. */
  readonly name: string;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** Metrics under upstream's names (component-base/metrics/prometheus/workqueue). */
export function createWorkQueueMetrics<K>({ registry, name, clock }: WorkQueueMetricsOptions): WorkQueueMetrics<K> {
  const labels = ["name"] as const;
  const buckets = exponentialBuckets(10e-9, 10, 10);
  const gauge = (metric: string, help: string) =>
    registry.gauge({ name: `workqueue_${metric}`, help, stability: "BETA", labels }).labels(name);
  const counter = (metric: string, help: string) =>
    registry.counter({ name: `workqueue_${metric}`, help, stability: "BETA", labels }).labels(name);
  const histogram = (metric: string, help: string) =>
    registry.histogram({ name: `workqueue_${metric}`, help, stability: "BETA", labels, buckets }).labels(name);

  const depth = gauge("depth", "Keys that wait to be worked on.");
  const adds = counter("adds_total", "Keys added, without those that were waiting already.");
  const retries = counter("retries_total", "Keys added with a delay.");
  const waited = histogram("queue_duration_seconds", "Seconds between the adding of a key and the start of its work.");
  const worked = histogram("work_duration_seconds", "Seconds that the work on a key took.");
  const unfinished = gauge("unfinished_work_seconds", "Seconds spent so far on the work in progress, summed.");
  const longest = gauge("longest_running_processor_seconds", "Seconds spent so far on the oldest work in progress.");
  const addedAt = new Map<K, number>();
  const startedAt = new Map<K, number>();

  registry.onCollect(() => {
    const nowMs = clock.monotonicMs();
    let total = 0;
    let oldest = 0;
    for (const start of startedAt.values()) {
      total += nowMs - start;
      oldest = Math.max(oldest, nowMs - start);
    }
    unfinished.set(total / 1000);
    longest.set(oldest / 1000);
  });

  return {
    add(key) {
      adds.inc();
      depth.inc();
      if (!addedAt.has(key)) addedAt.set(key, clock.monotonicMs());
    },
    get(key) {
      depth.dec();
      const nowMs = clock.monotonicMs();
      startedAt.set(key, nowMs);
      const added = addedAt.get(key);
      if (added === undefined) return;
      waited.observe((nowMs - added) / 1000);
      addedAt.delete(key);
    },
    done(key) {
      const started = startedAt.get(key);
      if (started === undefined) return;
      worked.observe((clock.monotonicMs() - started) / 1000);
      startedAt.delete(key);
    },
    retry: () => retries.inc(),
  };
}
