const maxRetryAfterSeconds = 32;

interface Second {
  readonly at: number;
  readonly dropped: number;
}

/**
 * After how many seconds those who are turned away shall come again: twice as long while three or more a second are, less by
 * one while there are few (flowcontrol/dropped_requests_tracker.go). One for each priority level.
 */
export class DroppedRequests {
  #history: Second[] = [];
  #second = 0;
  #count = 0;
  #retryAfter = 1;
  #raisedAt = 0;

  /** Seconds. */
  get retryAfter(): number {
    return this.#retryAfter;
  }

  record(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#second) {
      this.#count++;
      return;
    }
    const maxAge = Math.min(2 * this.#retryAfter, maxRetryAfterSeconds);
    this.#history.push({ at: this.#second, dropped: this.#count });
    const first = this.#history.findIndex(({ at }) => this.#second - at <= maxAge);
    this.#history = this.#history.slice(first);
    this.#second = second;
    this.#count = 1;
    this.#update(second);
  }

  #update(second: number): void {
    const retryAfter = this.#retryAfter;
    let dropped = 0;
    for (const one of this.#history) {
      if (second - one.at <= retryAfter && one.at < second) dropped += one.dropped;
    }
    if (second - this.#raisedAt >= retryAfter && dropped >= 3 * retryAfter) {
      this.#retryAfter = Math.min(2 * retryAfter, maxRetryAfterSeconds);
      this.#raisedAt = second;
    } else if (dropped < retryAfter && retryAfter > 1) this.#retryAfter--;
  }
}
