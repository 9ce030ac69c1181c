/** Looks closer together than this say little of a rate. */
const leastMs = 1000;
/** What nobody has looked at for this long is forgotten. */
const keptMs = 300_000;

interface Look {
  readonly atMs: number;
  readonly nanos: number;
  readonly rate: number | undefined;
}

/** Nanoseconds of CPU a second, from one look to the next. */
export class CpuRates {
  readonly #looks = new Map<string, Look>();

  /** Undefined the first time, and where the count has begun anew. */
  observe(key: string, nanos: number, atMs: number): number | undefined {
    const before = this.#looks.get(key);
    const isNew = before === undefined || nanos < before.nanos;
    if (!isNew && atMs - before.atMs < leastMs) return before.rate;
    const rate = isNew ? undefined : Math.round(((nanos - before.nanos) / (atMs - before.atMs)) * 1000);
    this.#looks.delete(key); // The newest last: the oldest are at the front.
    this.#looks.set(key, { atMs, nanos, rate });
    return rate;
  }

  /** Lets go of what has not been looked at for five minutes. */
  prune(nowMs: number): void {
    for (const [key, { atMs }] of this.#looks) {
      if (nowMs - atMs < keptMs) return;
      this.#looks.delete(key);
    }
  }
}
