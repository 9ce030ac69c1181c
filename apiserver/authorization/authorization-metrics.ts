import type { CounterValue, MetricsRegistry } from "../../base/metrics.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "./authorizer.ts";

/** How a call of a webhook has ended. */
export type CallResult = "success" | "canceled" | "timeout" | "error";

/** Of webhooks that decide who may, under upstream's names (authorization/cel, plugin/pkg/authorizer/webhook/metrics). */
export class WebhookAuthorizerMetrics {
  readonly #errors;
  readonly #exclusions;
  readonly #conditionSeconds;
  readonly #calls;
  readonly #callSeconds;
  readonly #failedOpen;

  constructor(metrics: MetricsRegistry) {
    const prefix = "apiserver_authorization";
    const authorizer = ["name", "type"] as const;
    const result = ["name", "result"] as const;
    this.#errors = metrics.counter({
      name: `${prefix}_match_condition_evaluation_errors_total`,
      help: "Total number of errors when an authorization webhook encounters a match condition error split by authorizer type and name.",
      labels: authorizer,
    });
    this.#exclusions = metrics.counter({
      name: `${prefix}_match_condition_exclusions_total`,
      help: "Total number of exclusions when an authorization webhook is skipped because match conditions exclude it.",
      labels: authorizer,
    });
    this.#conditionSeconds = metrics.histogram({
      name: `${prefix}_match_condition_evaluation_seconds`,
      help: "Authorization match condition evaluation time in seconds, split by authorizer type and name.",
      labels: authorizer,
      buckets: [0.001, 0.005, 0.01, 0.025, 0.1, 0.2, 0.25],
    });
    this.#calls = metrics.counter({
      name: `${prefix}_webhook_evaluations_total`,
      help: "Round-trips to authorization webhooks.",
      labels: result,
    });
    this.#callSeconds = metrics.histogram({
      name: `${prefix}_webhook_duration_seconds`,
      help: "Request latency in seconds.",
      labels: result,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    });
    this.#failedOpen = metrics.counter({
      name: `${prefix}_webhook_evaluations_fail_open_total`,
      help: "NoOpinion results due to webhook timeout or error.",
      labels: result,
    });
  }

  /** Whether its conditions let a webhook be asked; undefined: they could not be evaluated. */
  matched(name: string, matches: boolean | undefined, seconds: number): void {
    this.#conditionSeconds.labels(name, "Webhook").observe(seconds);
    if (matches === undefined) this.#errors.labels(name, "Webhook").inc();
    else if (!matches) this.#exclusions.labels(name, "Webhook").inc();
  }

  called(name: string, result: CallResult, seconds: number): void {
    this.#calls.labels(name, result).inc();
    this.#callSeconds.labels(name, result).observe(seconds);
  }

  failedOpen(name: string, result: CallResult): void {
    this.#failedOpen.labels(name, result).inc();
  }
}

/** The same authorizer, what it decides counted (apiserver/pkg/authorization/metrics). */
export function countedAuthorizer(
  metrics: MetricsRegistry,
  [type, name]: readonly [type: string, name: string],
  authorizer: Authorizer,
): Authorizer {
  const decisions = metrics.counter({
    name: "apiserver_authorization_decisions_total",
    help: "Total number of terminal decisions made by an authorizer split by authorizer type, name, and decision.",
    labels: ["decision", "name", "type"],
  });
  let allowed: CounterValue | undefined;
  let denied: CounterValue | undefined;
  const counted = (decision: Decision): Decision => {
    if (decision.decision === "allow") {
      allowed ??= decisions.labels("allowed", name, type);
      allowed.inc();
    } else if (decision.decision === "deny") {
      denied ??= decisions.labels("denied", name, type);
      denied.inc();
    }
    return decision;
  };
  return {
    name: authorizer.name,
    authorize(attributes: AuthorizationAttributes, until) {
      const answer = authorizer.authorize(attributes, until);
      return answer instanceof Promise ? answer.then(counted) : counted(answer);
    },
    ...(authorizer.rulesFor === undefined
      ? {}
      : { rulesFor: (user, namespace) => authorizer.rulesFor!(user, namespace) }),
  };
}
