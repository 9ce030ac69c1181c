import { MetricsRegistry } from "../../base/metrics.ts";
import type { HealthCheck } from "../handlers/paths.ts";

/** What health checks have said, for `/metrics/slis` (component-base/metrics/prometheus/slis). */
export class ServiceLevels {
  readonly metrics: MetricsRegistry = new MetricsRegistry();
  readonly #last = this.metrics.gauge({
    name: "kubernetes_healthcheck",
    stability: "STABLE",
    help: "This metric records the result of a single healthcheck.",
    labels: ["name", "type"],
  });
  readonly #total = this.metrics.counter({
    name: "kubernetes_healthchecks_total",
    stability: "STABLE",
    help: "This metric records the results of all healthcheck.",
    labels: ["name", "type", "status"],
  });

  /** The check, each of its answers noted; `type` is the endpoint that asks: `readyz`. */
  noting(check: HealthCheck, type: string): HealthCheck {
    const { name } = check;
    return {
      ...check,
      check: async () => {
        const problem = await check.check();
        this.#last.labels(name, type).set(problem === undefined ? 1 : 0);
        this.#total.labels(name, type, problem === undefined ? "success" : "error").inc();
        return problem;
      },
    };
  }
}
