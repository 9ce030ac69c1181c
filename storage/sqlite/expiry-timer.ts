import type { Clock, Timer } from "../../base/mod.ts";

/** Sweeps closer together than this are joined: each costs a sync of the disk. */
const leastIntervalMs = 250;
/** After a sweep that failed. */
const retryMs = 5_000;

/** One timer for the entry that expires next. The worker keeps the list. */
export class ExpiryTimer {
  readonly #clock: Clock;
  readonly #sweep: (nowMs: number) => void;
  #timer: Timer | undefined;
  #dueMs = Number.POSITIVE_INFINITY;
  #lastSweepMs = Number.NEGATIVE_INFINITY;
  #sweeping = false;
  #stopped = false;

  constructor(clock: Clock, sweep: (nowMs: number) => void) {
    this.#clock = clock;
    this.#sweep = sweep;
  }

  /** Something expires at `expiresAtMs`, in milliseconds since 1970. */
  expect(expiresAtMs: number): void {
    if (expiresAtMs < this.#dueMs) this.#arm(expiresAtMs);
  }

  /** The sweep is over; the next thing expires at `nextMs`, 0 for nothing. */
  swept(nextMs: number): void {
    this.#sweeping = false;
    // One sweep takes a bounded number: the rest of what is overdue goes at once.
    if (nextMs > 0 && nextMs <= this.#lastSweepMs) this.#fire();
    else this.#arm(Math.min(this.#dueMs, nextMs === 0 ? Number.POSITIVE_INFINITY : nextMs));
  }

  /** The sweep failed: try again in a while. */
  failed(): void {
    this.#sweeping = false;
    this.#lastSweepMs = this.#clock.now() + retryMs;
    this.#arm(this.#lastSweepMs);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.clear();
  }

  #arm(dueMs: number): void {
    this.#dueMs = dueMs;
    this.#timer?.clear();
    this.#timer = undefined;
    if (this.#sweeping || this.#stopped || dueMs === Number.POSITIVE_INFINITY) return;
    const at = Math.max(dueMs, this.#lastSweepMs + leastIntervalMs);
    this.#timer = this.#clock.setTimer(Math.max(0, at - this.#clock.now()), () => this.#fire()).unref();
  }

  #fire(): void {
    if (this.#stopped) return;
    this.#timer?.clear();
    this.#timer = undefined;
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.#sweeping = true;
    this.#lastSweepMs = this.#clock.now();
    this.#sweep(this.#lastSweepMs);
  }
}
