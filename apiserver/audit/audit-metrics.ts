import type { MetricsRegistry } from "../../base/metrics.ts";
import type { AuditLevel } from "./policy.ts";

/** Upstream's names (apiserver/pkg/audit/metrics.go). */
export interface AuditMetrics {
  event(): void;
  level(level: AuditLevel): void;
  /** Events that a backend could not keep. */
  error(plugin: "log" | "webhook" | "buffered" | "truncate", count: number): void;
}

export function auditMetrics(metrics: MetricsRegistry): AuditMetrics {
  const events = metrics
    .counter({
      name: "apiserver_audit_event_total",
      help: "Counter of audit events generated and sent to the audit backend.",
    })
    .labels();
  const levels = metrics.counter({
    name: "apiserver_audit_level_total",
    help: "Counter of policy levels for audit events (1 per request).",
    labels: ["level"],
  });
  const errors = metrics.counter({
    name: "apiserver_audit_error_total",
    help: "Counter of audit events that failed to be audited properly. Plugin identifies the plugin affected by the error.",
    labels: ["plugin"],
  });
  metrics.counter({
    name: "apiserver_audit_requests_rejected_total",
    help: "Counter of apiserver requests rejected due to an error in audit logging backend.",
  });
  return {
    event: () => events.inc(),
    level: (level) => levels.labels(level).inc(),
    error: (plugin, count) => errors.labels(plugin).inc(count),
  };
}
