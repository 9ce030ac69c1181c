import { exponentialBuckets, linearBuckets, type MetricsRegistry } from "../base/metrics.ts";
import type { Family } from "./ruleset.ts";

/** pkg/proxy/metrics/metrics.go. */
export function proxyMetrics(registry: MetricsRegistry) {
  const labels = ["ip_family"] as const;
  const buckets = exponentialBuckets(0.001, 2, 15);
  const histogram = (name: string, help: string) =>
    registry.histogram({ name: `kubeproxy_${name}`, help, labels, buckets });
  return {
    duration: histogram("sync_proxy_rules_duration_seconds", "SyncProxyRules latency in seconds"),
    fullDuration: histogram(
      "sync_full_proxy_rules_duration_seconds",
      "SyncProxyRules latency in seconds for full resyncs",
    ),
    partialDuration: histogram(
      "sync_partial_proxy_rules_duration_seconds",
      "SyncProxyRules latency in seconds for partial resyncs",
    ),
    lastSync: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
      help: "The last time proxy rules were successfully synced",
      labels,
    }),
    lastQueued: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
      help: "The last time a sync of proxy rules was queued",
      labels,
    }),
    programming: registry.histogram({
      name: "kubeproxy_network_programming_duration_seconds",
      help: "In Cluster Network Programming Latency in seconds",
      labels,
      buckets: [
        ...linearBuckets(0.25, 0.25, 2),
        ...linearBuckets(1, 1, 59),
        ...linearBuckets(60, 5, 12),
        ...linearBuckets(120, 30, 7),
      ],
    }),
    endpointChanges: registry
      .counter({
        name: "kubeproxy_sync_proxy_rules_endpoint_changes_total",
        help: "Cumulative proxy rules Endpoint changes",
      })
      .labels(),
    endpointChangesPending: registry
      .gauge({
        name: "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
        help: "Pending proxy rules Endpoint changes",
      })
      .labels(),
    serviceChanges: registry
      .counter({
        name: "kubeproxy_sync_proxy_rules_service_changes_total",
        help: "Cumulative proxy rules Service changes",
      })
      .labels(),
    serviceChangesPending: registry
      .gauge({
        name: "kubeproxy_sync_proxy_rules_service_changes_pending",
        help: "Pending proxy rules Service changes",
      })
      .labels(),
    syncFailures: registry.counter({
      name: "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
      help: "Cumulative proxy nftables sync failures",
      labels,
    }),
    noLocalEndpoints: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
      help: "Number of services with a Local traffic policy and no endpoints",
      labels: ["traffic_policy", "ip_family"],
    }),
    conntrackDuration: histogram(
      "conntrack_reconciler_sync_duration_seconds",
      "ReconcileConntrackFlowsLatency latency in seconds",
    ),
    conntrackDeleted: registry.counter({
      name: "kubeproxy_conntrack_reconciler_deleted_entries_total",
      help: "Cumulative conntrack flows deleted by conntrack reconciler",
      labels,
    }),
  };
}

export type ProxyMetrics = ReturnType<typeof proxyMetrics>;

export function familyLabel(family: Family): string {
  return family === "ip" ? "IPv4" : "IPv6";
}
