import type { Pod } from "../../api/core/v1/pod.ts";
import type { MetricsRegistry } from "../../base/metrics.ts";
import type { ProbeKind } from "./probe-manager.ts";
import type { ProbeOutcome } from "./probe-outcome.ts";

export interface ProbeMetrics {
  observe(
    kind: ProbeKind,
    pod: Pod,
    container: string,
    made: { readonly outcome: ProbeOutcome; readonly ms: number },
  ): void;
  /** The container is not probed any more. */
  forget(pod: Pod, container: string): void;
}

const kinds = ["startup", "readiness", "liveness"] as const;
const results = ["successful", "failed", "unknown"] as const;
const titles = { startup: "Startup", readiness: "Readiness", liveness: "Liveness" } as const;

/** prober_probe_total and prober_probe_duration_seconds (pkg/kubelet/prober). */
export function probeMetrics(registry: MetricsRegistry): ProbeMetrics {
  const total = registry.counter({
    name: "prober_probe_total",
    stability: "BETA",
    help: "Cumulative number of a liveness, readiness or startup probe for a container by result.",
    labels: ["probe_type", "result", "container", "pod", "namespace", "pod_uid"],
  });
  const duration = registry.histogram({
    name: "prober_probe_duration_seconds",
    help: "Duration in seconds for a probe response.",
    labels: ["probe_type", "container", "pod", "namespace"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  return {
    observe(kind, { metadata }, container, { outcome, ms }) {
      const { name = "", namespace = "", uid = "" } = metadata;
      const result = outcome.kind === "failure" ? "failed" : outcome.kind === "unknown" ? "unknown" : "successful";
      total.labels(titles[kind], result, container, name, namespace, uid).inc();
      if (result !== "failed") duration.labels(titles[kind], container, name, namespace).observe(ms / 1000);
    },
    forget({ metadata }, container) {
      const { name = "", namespace = "", uid = "" } = metadata;
      for (const kind of kinds) {
        for (const result of results) total.remove(titles[kind], result, container, name, namespace, uid);
        duration.remove(titles[kind], container, name, namespace);
      }
    },
  };
}
