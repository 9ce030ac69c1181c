/** Looks closer together than this say little of a rate. */
const leastMs = 1000;

interface Look {
  readonly atMs: number;
  readonly nanos: number;
  readonly rate: number | undefined;
}

/** Nanoseconds of CPU a second, from one look to the next. What was not looked at in the latest round is forgotten. */
export class CpuRates {
  #looks = new Map<string, Look>();
  #round = new Map<string, Look>();

  /** Undefined the first time. */
  observe(key: string, nanos: number, atMs: number): number | undefined {
    const before = this.#looks.get(key);
    const isNew = before === undefined || nanos < before.nanos;
    const look =
      !isNew && atMs - before.atMs < leastMs
        ? before
        : { atMs, nanos, rate: isNew ? undefined : Math.round(((nanos - before.nanos) / (atMs - before.atMs)) * 1000) };
    this.#round.set(key, look);
    return look.rate;
  }

  endRound(): void {
    this.#looks = this.#round;
    this.#round = new Map();
  }
}
