import type { Distribution } from "../../base/metrics.ts";

/**
 * How long a quantity was how large a part of its limit, as a histogram of nanoseconds (upstream's TimingRatioHistogram: as
 * if it were observed at the end of every nanosecond).
 */
export class RatioHistogram {
  readonly #bounds: readonly number[];
  readonly #distribution: Distribution;
  #value = 0;
  #denominator = 1;
  #sinceMs: number;

  constructor(distribution: Distribution, bounds: readonly number[], nowMs: number) {
    this.#distribution = distribution;
    this.#bounds = bounds;
    this.#sinceMs = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.pass(nowMs);
    this.#value = value;
  }

  setDenominator(denominator: number, nowMs: number): void {
    this.pass(nowMs);
    this.#denominator = denominator;
  }

  /** Counts the time until now. */
  pass(nowMs: number): void {
    const nanoseconds = Math.round((nowMs - this.#sinceMs) * 1e6);
    if (nanoseconds <= 0) return;
    this.#sinceMs = nowMs;
    const ratio = this.#value / this.#denominator;
    const bounds = this.#bounds;
    let i = 0;
    while (i < bounds.length && ratio > bounds[i]!) i++;
    const { counts } = this.#distribution;
    counts[i] = counts[i]! + nanoseconds;
    this.#distribution.sum += ratio * nanoseconds;
  }
}
