import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import { WebhookCallError } from "./webhook-client.ts";

/** 0.5 s, growing by half, up to a fifth longer by chance; five calls in all (plugin/pkg/authorizer/webhook, DefaultRetryBackoff). */
const firstDelayMs = 500;
const factor = 1.5;
const jitter = 0.2;
const calls = 5;

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Before the second call. Default 0.5 s. */
  readonly firstDelayMs?: number;
}

/** Calls again where that may help: the webhook has failed, is too busy or was cut off. Rejects with the last failure. */
export async function withRetries<T>(call: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, signal } = options;
  let delayMs = options.firstDelayMs ?? firstDelayMs;
  for (let made = 1; ; made++) {
    try {
      return await call();
    } catch (error) {
      if (made === calls || signal.aborted || !mayPass(error)) throw error;
    }
    await clock.sleep(delayMs * (1 + jitter * random.next()), signal);
    delayMs *= factor;
  }
}

/** apiserver/pkg/util/webhook, DefaultShouldRetry. */
function mayPass(error: unknown): boolean {
  if (error instanceof WebhookCallError)
    return /connection reset by peer|http2: client connection lost/.test(error.message);
  if (!(error instanceof ApiError)) return false;
  const { reason, details } = error.status;
  const passing = reason === "InternalError" || reason === "Timeout" || reason === "TooManyRequests";
  return passing || (details?.retryAfterSeconds ?? 0) > 0;
}
