import type { SubjectAccessReviewSpec } from "../../../api/generated/types/authorization-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/logger.ts";
import type { Random } from "../../../base/random.ts";
import type { Until } from "../../request-end.ts";
import { jsonReview } from "../../webhook-client/json-review.ts";
import { withRetries } from "../../webhook-client/retry.ts";
import { TimedCache } from "../../webhook-client/timed-cache.ts";
import type { WebhookClient, WebhookServer } from "../../webhook-client/webhook-client.ts";
import type { CallResult, WebhookAuthorizerMetrics } from "../authorization-metrics.ts";
import type { AuthorizationAttributes, Authorizer, Decision } from "../authorizer.ts";
import { reviewSpecOf } from "./review-spec.ts";

/** As upstream's LRUExpireCache; answers to long questions are not kept (plugin/pkg/authorizer/webhook, shouldCache). */
const maxRemembered = 8_192;
const maxQuestionCharacters = 10_000;
const forever = new AbortController().signal;

export interface WebhookAuthorizerOptions {
  /** Of the authorizer in the configuration; empty for the one of the flags. */
  readonly name: string;
  readonly client: WebhookClient;
  readonly server: WebhookServer;
  /** Of the SubjectAccessReview that is sent. */
  readonly version: "v1" | "v1beta1";
  readonly timeoutMs: number;
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
  /** What a webhook that fails has said. */
  readonly onFailure: "noOpinion" | "deny";
  /** Whether the webhook is asked at all; may throw. Default: always. */
  readonly matches?: (spec: SubjectAccessReviewSpec) => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: WebhookAuthorizerMetrics;
}

interface Answer {
  readonly allowed?: boolean;
  readonly denied?: boolean;
  readonly reason?: string;
}

/** Asks a webhook, by SubjectAccessReview, who may (plugin/pkg/authorizer/webhook). */
export class WebhookAuthorizer implements Authorizer {
  readonly name: string;
  readonly measuredAs: readonly [type: string, name: string];
  readonly #options: WebhookAuthorizerOptions;
  readonly #remembered: TimedCache<Answer>;

  constructor(options: WebhookAuthorizerOptions) {
    this.name = `webhook${options.name === "" ? "" : ` ${options.name}`}`;
    this.measuredAs = ["Webhook", options.name === "" ? "default" : options.name];
    this.#options = options;
    this.#remembered = new TimedCache(options.clock, maxRemembered);
  }

  authorize(attributes: AuthorizationAttributes, until?: Until): Decision | Promise<Decision> {
    const { version } = this.#options;
    const spec = reviewSpecOf(attributes);
    try {
      if (!this.#matches(spec)) return { decision: "noOpinion", reason: "" };
    } catch (error) {
      return this.#failed(error);
    }
    const key = JSON.stringify(spec);
    const remembered = this.#remembered.get(key);
    if (remembered !== undefined) return decisionOf(remembered);
    return this.#ask(version === "v1" ? spec : olderSpec(spec), key, until?.() ?? forever);
  }

  rulesFor() {
    const evaluationError = "webhook authorizer does not support user rule resolution";
    return { resourceRules: [], nonResourceRules: [], incomplete: true, evaluationError };
  }

  #matches(spec: SubjectAccessReviewSpec): boolean {
    const { matches, metrics, clock } = this.#options;
    if (matches === undefined) return true;
    const startedMs = clock.monotonicMs();
    let found: boolean | undefined;
    try {
      found = matches(spec);
      return found;
    } finally {
      metrics?.matched(this.measuredAs[1], found, (clock.monotonicMs() - startedMs) / 1000);
    }
  }

  /** One try, measured. */
  async #call(body: object, signal: AbortSignal, last: { result: CallResult }): Promise<Answer> {
    const { client, server, timeoutMs, metrics, clock } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const given = await client.call(server, { body, timeoutMs, signal });
      const answer = (jsonReview(given, "SubjectAccessReview", ["authorization.k8s.io"])["status"] ?? {}) as Answer;
      last.result = "success";
      return answer;
    } catch (error) {
      last.result = signal.aborted ? "canceled" : isTimeout(error) ? "timeout" : "error";
      throw error;
    } finally {
      metrics?.called(this.measuredAs[1], last.result, (clock.monotonicMs() - startedMs) / 1000);
    }
  }

  async #ask(spec: object, key: string, signal: AbortSignal): Promise<Decision> {
    const { version, clock, random, metrics, onFailure } = this.#options;
    const apiVersion = `authorization.k8s.io/${version}`;
    const body = { kind: "SubjectAccessReview", apiVersion, metadata: {}, spec, status: { allowed: false } };
    const last: { result: CallResult } = { result: "error" };
    let answer: Answer;
    try {
      answer = await withRetries(() => this.#call(body, signal, last), { clock, random, signal });
    } catch (error) {
      if (onFailure === "noOpinion" && !signal.aborted) metrics?.failedOpen(this.measuredAs[1], last.result);
      return this.#failed(error, signal);
    }
    if (key.length <= maxQuestionCharacters) {
      const { authorizedTtlMs, unauthorizedTtlMs } = this.#options;
      this.#remembered.set(key, answer, answer.allowed === true ? authorizedTtlMs : unauthorizedTtlMs);
    }
    return decisionOf(answer);
  }

  #failed(error: unknown, signal: AbortSignal = forever): Decision {
    const { onFailure, logger, name } = this.#options;
    const evaluationError = error instanceof Error ? error.message : String(error);
    // Whoever asked has left, which says nothing of the webhook.
    if (!signal.aborted) {
      logger.error("a webhook that decides who may has failed", { webhook: name, error: evaluationError });
    }
    return { decision: onFailure, reason: "", evaluationError };
  }
}

function decisionOf({ allowed, denied, reason = "" }: Answer): Decision {
  if (denied === true && allowed === true) {
    const evaluationError = "webhook subject access review returned both allow and deny response";
    return { decision: "deny", reason, evaluationError };
  }
  if (denied === true) return { decision: "deny", reason };
  return allowed === true ? { decision: "allow", reason } : { decision: "noOpinion", reason };
}

function isTimeout(error: unknown): boolean {
  if (error instanceof ApiError) return error.status.code === 504;
  return error instanceof Error && /context deadline exceeded|i\/o timeout/.test(error.message);
}

/** v1beta1 names the groups `group`. */
function olderSpec({ groups, ...spec }: SubjectAccessReviewSpec): object {
  return groups === undefined ? spec : { ...spec, group: groups };
}
