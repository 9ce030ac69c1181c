import type { MetricsRegistry } from "../../../base/metrics.ts";
import type { MatchResult } from "./match-conditions.ts";

const buckets = [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25];
const labels = ["name", "kind", "type", "operation"] as const;

/** Whose conditions they are. */
export interface ConditionOwner {
  readonly kind: "webhook" | "policy";
  readonly type: "admit" | "validating" | "validate";
}

/** Metrics of match conditions, under upstream's names (apiserver/pkg/admission/metrics). */
export class ConditionMetrics {
  readonly #owner: ConditionOwner;
  readonly #durations;
  readonly #errors;

  constructor(registry: MetricsRegistry, owner: ConditionOwner) {
    this.#owner = owner;
    this.#durations = registry.histogram({
      name: "apiserver_admission_match_condition_evaluation_seconds",
      help: "How long match conditions took, by name, kind, type and operation.",
      labels,
      buckets,
    });
    this.#errors = registry.counter({
      name: "apiserver_admission_match_condition_evaluation_errors_total",
      help: "Match conditions that could not be evaluated, by name, kind, type and operation.",
      labels,
    });
  }

  observe(name: string, operation: string, { failed = 0 }: MatchResult, seconds: number): void {
    const { kind, type } = this.#owner;
    this.#durations.labels(name, kind, type, operation).observe(seconds);
    if (failed > 0) this.#errors.labels(name, kind, type, operation).inc(failed);
  }
}
