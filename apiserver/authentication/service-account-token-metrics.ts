import type { CounterValue, MetricsRegistry } from "../../base/metrics.ts";

/** Uses of service accounts' tokens, under upstream's names (pkg/serviceaccount/metrics.go). */
export class ServiceAccountTokenMetrics {
  /** Of secrets, whatever becomes of them. */
  readonly legacy: CounterValue;
  readonly manual: CounterValue;
  readonly generated: CounterValue;
  readonly invalid: CounterValue;
  readonly valid: CounterValue;
  /** Good, but should have been renewed. */
  readonly stale: CounterValue;

  constructor(metrics: MetricsRegistry) {
    const counter = (name: string, help: string) => metrics.counter({ name: `serviceaccount_${name}`, help }).labels();
    this.legacy = counter("legacy_tokens_total", "Cumulative legacy service account tokens used");
    this.manual = counter("legacy_manual_token_uses_total", "Cumulative manually created legacy tokens used");
    this.generated = counter("legacy_auto_token_uses_total", "Cumulative auto-generated legacy tokens used");
    this.invalid = counter(
      "invalid_legacy_auto_token_uses_total",
      "Cumulative invalid auto-generated legacy tokens used",
    );
    this.valid = counter("valid_tokens_total", "Cumulative valid projected service account tokens used");
    this.stale = counter("stale_tokens_total", "Cumulative stale projected service account tokens used");
  }
}
