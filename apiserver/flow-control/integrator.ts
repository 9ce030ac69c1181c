/** What a quantity was over a time: its mean, how far it strayed, and its highest value. */
export interface Integral {
  /** Seconds. */
  readonly duration: number;
  readonly average: number;
  /** Standard deviation, weighted by time. */
  readonly deviation: number;
  readonly max: number;
}

/** A quantity that changes in steps, summed over time (flowcontrol/fairqueuing Integrator). Times are in milliseconds. */
export class Integrator {
  #value = 0;
  #since: number;
  #seconds = 0;
  #sum = 0;
  #squares = 0;
  #max = 0;

  constructor(nowMs: number) {
    this.#since = nowMs;
  }

  set(value: number, nowMs: number): void {
    this.#pass(nowMs);
    this.#value = value;
    if (value > this.#max) this.#max = value;
  }

  /** What it was since the last reset; counts anew from here. */
  reset(nowMs: number): Integral {
    this.#pass(nowMs);
    const duration = this.#seconds;
    const average = duration > 0 ? this.#sum / duration : 0;
    const variance = duration > 0 ? this.#squares / duration - average * average : 0;
    const result = { duration, average, deviation: Math.sqrt(Math.max(0, variance)), max: this.#max };
    this.#seconds = 0;
    this.#sum = 0;
    this.#squares = 0;
    this.#max = this.#value;
    return result;
  }

  #pass(nowMs: number): void {
    const seconds = (nowMs - this.#since) / 1_000;
    this.#since = nowMs;
    this.#seconds += seconds;
    this.#sum += this.#value * seconds;
    this.#squares += this.#value * this.#value * seconds;
  }
}
