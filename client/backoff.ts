import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";

export interface BackoffOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly random: Random;
  readonly initialMs: number;
  readonly maxMs: number;
  /** Default 2. */
  readonly factor?: number;
  /** Up to this share of a wait is added to it by chance. Default 1: a wait of 100 ms becomes 100 to 200. */
  readonly jitter?: number;
  /** Nothing asked for this long: all is well again. Default: never. */
  readonly resetAfterMs?: number;
}

/** Growing waits between attempts, spread by chance so that many clients do not come back together. */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;
  #askedMs: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.initialMs;
    this.#askedMs = options.clock.monotonicMs();
  }

  /** Milliseconds to wait before the next attempt. */
  nextMs(): number {
    const { clock, random, maxMs, factor = 2, jitter = 1, resetAfterMs = Infinity } = this.#options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#askedMs > resetAfterMs) this.reset();
    this.#askedMs = nowMs;
    const waitMs = this.#nextMs;
    this.#nextMs = Math.min(maxMs, waitMs * factor);
    return waitMs * (1 + jitter * random.next());
  }

  reset(): void {
    this.#nextMs = this.#options.initialMs;
  }
}
