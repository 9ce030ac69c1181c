import type { MetricsRegistry } from "../../../base/metrics.ts";
import { ConditionMetrics, type ConditionOwner } from "../dynamic/condition-metrics.ts";

const buckets = [0.0000005, 0.001, 0.01, 0.1, 1];

/** Of mutating policies, too. */
const ofPolicies: ConditionOwner = { kind: "policy", type: "validate" };

/** Kind of failure that metrics tell, by the message. */
export function errorTypeOf(message: string): string {
  if (message.startsWith("compilation")) return "compile_error";
  return message.startsWith("validation failed due to running out of cost budget") ? "out_of_budget" : "invalid_error";
}

/** Counts what validating policies decide, under upstream's names (admission/plugin/policy/validating/metrics). */
export class ValidatingPolicyMetrics {
  readonly #checks;
  readonly #durations;
  readonly conditions: ConditionMetrics;

  constructor(registry: MetricsRegistry) {
    this.conditions = new ConditionMetrics(registry, ofPolicies);
    const labels = ["policy", "policy_binding", "error_type", "enforcement_action"] as const;
    this.#checks = registry.counter({
      name: "apiserver_validating_admission_policy_check_total",
      stability: "BETA",
      help: "Checks of validating admission policies, by policy, binding, kind of error and action taken.",
      labels,
    });
    this.#durations = registry.histogram({
      name: "apiserver_validating_admission_policy_check_duration_seconds",
      stability: "BETA",
      help: "How long checks of validating admission policies took, by policy, binding, kind of error and action taken.",
      labels,
      buckets,
    });
  }

  observe(policy: string, binding: string, errorType: string, action: string, seconds: number): void {
    this.#checks.labels(policy, binding, errorType, action).inc();
    this.#durations.labels(policy, binding, errorType, action).observe(seconds);
  }
}

/** The same of mutating policies (admission/plugin/policy/mutating/metrics). */
export class MutatingPolicyMetrics {
  readonly #checks;
  readonly #durations;
  readonly conditions: ConditionMetrics;

  constructor(registry: MetricsRegistry) {
    this.conditions = new ConditionMetrics(registry, ofPolicies);
    const labels = ["policy", "policy_binding", "error_type"] as const;
    this.#checks = registry.counter({
      name: "apiserver_mutating_admission_policy_check_total",
      help: "Mutations of mutating admission policies, by policy, binding and kind of error.",
      labels,
    });
    this.#durations = registry.histogram({
      name: "apiserver_mutating_admission_policy_check_duration_seconds",
      help: "How long mutations of mutating admission policies took, by policy, binding and kind of error.",
      labels,
      buckets,
    });
  }

  observe(policy: string, binding: string, errorType: string, seconds: number): void {
    this.#checks.labels(policy, binding, errorType).inc();
    this.#durations.labels(policy, binding, errorType).observe(seconds);
  }
}
