import type { Clock } from "../base/clock.ts";

export interface TokenBucketOptions {
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly perSecond: number;
  /** Tokens at the start, and the most it holds. */
  readonly burst: number;
}

/** Tokens that come at a steady rate (golang.org/x/time/rate). */
export class TokenBucket {
  readonly #options: TokenBucketOptions;
  #tokens: number;
  #atMs: number;

  constructor(options: TokenBucketOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#atMs = options.clock.monotonicMs();
  }

  /** Takes a token if there is one now. */
  tryTake(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }

  /** Takes the next token, even if it is still to come: milliseconds until it does, 0 where there is one. */
  reserve(): number {
    this.#refill();
    this.#tokens--;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#options.perSecond) * 1000;
  }

  #refill(): void {
    const { clock, perSecond, burst } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
  }
}
