import type { MetricsRegistry, Stability } from "../../base/metrics.ts";

const levels: readonly Stability[] = ["ALPHA", "BETA", "STABLE"];

/** How many metrics there are, by what is promised of them (component-base/metrics/registry.go). None is hidden or switched off. */
export function countDeclarations(metrics: MetricsRegistry): void {
  const labels = ["deprecated_version", "stability_level"] as const;
  const registered = metrics.counter({
    name: "registered_metrics_total",
    stability: "BETA",
    help: "The count of registered metrics broken by stability level and deprecation version.",
    labels,
  });
  metrics.counter({ name: "disabled_metrics_total", stability: "BETA", help: "The count of disabled metrics." });
  metrics.counter({ name: "hidden_metrics_total", stability: "BETA", help: "The count of hidden metrics." });
  metrics.onCollect(() => {
    const { declarations } = metrics;
    for (const level of levels) {
      const count = declarations.filter(({ stability }) => stability === level).length;
      const series = registered.labels("", level);
      if (count > series.value) series.inc(count - series.value);
    }
  });
}
