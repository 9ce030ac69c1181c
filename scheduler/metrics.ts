import { exponentialBuckets, MetricsRegistry } from "../base/metrics.ts";
import type { Cache } from "./cache/cache.ts";
import type { SchedulingQueue } from "./queue/scheduling-queue.ts";

export type AttemptResult = "scheduled" | "unschedulable" | "error";

export type SchedulerMetrics = ReturnType<typeof schedulerMetrics>;

/** The scheduler's metrics under upstream's names (pkg/scheduler/metrics). Durations in milliseconds come in, seconds go out. */
export function schedulerMetrics(registry: MetricsRegistry = new MetricsRegistry(), profile = "default-scheduler") {
  const attempts = registry.counter({
    name: "scheduler_schedule_attempts_total",
    stability: "STABLE",
    help: "Attempts to schedule pods, by what became of them.",
    labels: ["result", "profile"],
  });
  const attemptDuration = registry.histogram({
    name: "scheduler_scheduling_attempt_duration_seconds",
    stability: "STABLE",
    help: "How long attempts took, binding included.",
    labels: ["result", "profile"],
    buckets: exponentialBuckets(0.001, 2, 15),
  });
  const algorithm = registry.histogram({
    name: "scheduler_scheduling_algorithm_duration_seconds",
    help: "How long decisions took.",
    buckets: exponentialBuckets(0.001, 2, 15),
  });
  const sli = registry.histogram({
    name: "scheduler_pod_scheduling_sli_duration_seconds",
    stability: "BETA",
    help: "From a pod's coming into the queue until it was bound.",
    labels: ["attempts"],
    buckets: exponentialBuckets(0.01, 2, 20),
  });
  const podAttempts = registry.histogram({
    name: "scheduler_pod_scheduling_attempts",
    stability: "STABLE",
    help: "Attempts that it took to place a pod.",
    buckets: exponentialBuckets(1, 2, 5),
  });
  const incoming = registry.counter({
    name: "scheduler_queue_incoming_pods_total",
    stability: "STABLE",
    help: "Pods that came into a queue, by what brought them there.",
    labels: ["queue", "event"],
  });
  const pending = registry.gauge({
    name: "scheduler_pending_pods",
    stability: "STABLE",
    help: "Pods without a node, by where they wait.",
    labels: ["queue"],
  });
  const cacheSize = registry.gauge({
    name: "scheduler_cache_size",
    help: "Nodes, pods and assumed pods that are known.",
    labels: ["type"],
  });
  const victims = registry.histogram({
    name: "scheduler_preemption_victims",
    stability: "STABLE",
    help: "Pods that had to go for one other.",
    buckets: exponentialBuckets(1, 2, 7),
  });
  const preemptions = registry.counter({
    name: "scheduler_preemption_attempts_total",
    stability: "STABLE",
    help: "Attempts to make room for a pod.",
  });
  const latency = {
    scheduled: attemptDuration.labels("scheduled", profile),
    unschedulable: attemptDuration.labels("unschedulable", profile),
    error: attemptDuration.labels("error", profile),
  };
  return {
    attempted(result: AttemptResult, tookMs: number): void {
      attempts.labels(result, profile).inc();
      latency[result].observe(tookMs / 1000);
    },
    decided: (tookMs: number): void => algorithm.labels().observe(tookMs / 1000),
    placed(count: number, waitedMs: number): void {
      podAttempts.labels().observe(count);
      sli.labels(count >= 15 ? "15+" : String(count)).observe(waitedMs / 1000);
    },
    incoming: (queue: string, event: string): void => incoming.labels(queue, event).inc(),
    preempted(count: number): void {
      preemptions.labels().inc();
      if (count > 0) victims.labels().observe(count);
    },
    follow(queue: SchedulingQueue, cache: Cache): void {
      registry.onCollect(() => {
        const { counts } = queue;
        pending.labels("active").set(counts.active);
        pending.labels("backoff").set(counts.backoff + counts["error-backoff"]);
        pending.labels("unschedulable").set(counts.unschedulable);
        pending.labels("gated").set(counts.gated);
        const { nodes, pods, assumed } = cache.size;
        cacheSize.labels("nodes").set(nodes);
        cacheSize.labels("pods").set(pods);
        cacheSize.labels("assumed_pods").set(assumed);
      });
    },
  };
}
