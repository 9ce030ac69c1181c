import { isConflict } from "../apimachinery/errors/api-error.ts";
import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal;
  /** Attempts in all. Default 5 (client-go util/retry, DefaultRetry). */
  readonly attempts?: number;
  /** Whether a failure is worth another attempt. Default: conflicts are. */
  readonly retriable?: (error: unknown) => boolean;
}

/** Runs `attempt`, which reads the object anew each time, until it meets no conflict; rejects with the last failure. */
export async function retryOnConflict<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, random, signal, attempts = 5, retriable = isConflict } = options;
  for (let tried = 1; ; tried++) {
    try {
      return await attempt();
    } catch (error) {
      if (tried >= attempts || !retriable(error)) throw error;
      await clock.sleep(10 * (1 + 0.1 * random.next()), signal);
    }
  }
}
