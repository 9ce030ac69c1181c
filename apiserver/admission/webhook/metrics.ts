import type { MetricsRegistry } from "../../../base/metrics.ts";
import { ConditionMetrics } from "../dynamic/condition-metrics.ts";
import { CallingWebhookError, WebhookRejection } from "./errors.ts";

type Type = "admit" | "validating";

/** One call of a webhook, once it has ended. */
export interface ObservedCall {
  readonly name: string;
  readonly operation: string;
  readonly seconds: number;
  /** What came of it; undefined: it was let pass. */
  readonly error: unknown;
  readonly failOpen: boolean;
}

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25];
const maxCode = 600;

/** Metrics of webhooks of one type, under upstream's names (apiserver/pkg/admission/metrics). */
export class WebhookMetrics {
  readonly #type: Type;
  readonly #requests;
  readonly #durations;
  readonly #rejections;
  readonly #failedOpen;
  readonly #exclusions;
  readonly conditions: ConditionMetrics;

  constructor(registry: MetricsRegistry, type: Type) {
    this.#type = type;
    this.conditions = new ConditionMetrics(registry, { kind: "webhook", type });
    this.#requests = registry.counter({
      name: "apiserver_admission_webhook_request_total",
      help: "Calls of admission webhooks, by name, type, operation, answered code and whether the request was rejected.",
      labels: ["name", "type", "operation", "code", "rejected"],
    });
    this.#durations = registry.histogram({
      name: "apiserver_admission_webhook_admission_duration_seconds",
      stability: "STABLE",
      help: "How long admission webhooks took, by name, type, operation and whether the request was rejected.",
      labels: ["name", "type", "operation", "rejected"],
      buckets,
    });
    this.#rejections = registry.counter({
      name: "apiserver_admission_webhook_rejection_count",
      help: "Requests that admission webhooks rejected, by name, type, operation, kind of error and code.",
      labels: ["name", "type", "operation", "error_type", "rejection_code"],
    });
    this.#failedOpen = registry.counter({
      name: "apiserver_admission_webhook_fail_open_count",
      help: "Requests that went on although an admission webhook could not be asked, by name and type.",
      labels: ["name", "type"],
    });
    this.#exclusions = registry.counter({
      name: "apiserver_admission_match_condition_exclusions_total",
      help: "Requests that match conditions excluded, by name, kind, type and operation.",
      labels: ["name", "kind", "type", "operation"],
    });
  }

  called({ name, operation, seconds, error, failOpen }: ObservedCall): void {
    const type = this.#type;
    const isCallError = error instanceof CallingWebhookError;
    const rejected = String(error !== undefined && !(isCallError && failOpen));
    const code = String(Math.min(codeOf(error), maxCode));
    this.#requests.labels(name, type, operation, code, rejected).inc();
    this.#durations.labels(name, type, operation, rejected).observe(seconds);
    if (rejected === "false") return;
    const errorType = isCallError
      ? "calling_webhook_error"
      : error instanceof WebhookRejection
        ? "no_error"
        : "apiserver_internal_error";
    this.#rejections.labels(name, type, operation, errorType, code).inc();
  }

  failedOpen(name: string): void {
    this.#failedOpen.labels(name, this.#type).inc();
  }

  /** Match conditions kept a webhook from being called. */
  excluded(name: string, operation: string): void {
    this.#exclusions.labels(name, "webhook", this.#type, operation).inc();
  }
}

function codeOf(error: unknown): number {
  if (error === undefined) return 200;
  if (error instanceof CallingWebhookError) return error.code;
  return error instanceof WebhookRejection ? error.status.code : 0;
}
