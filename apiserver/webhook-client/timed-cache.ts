import type { Clock } from "../../base/clock.ts";
import { LruMap } from "../../base/lru-map.ts";

/** Answers that are believed for a while; the ones used longest ago make room. */
export class TimedCache<T> {
  readonly #clock: Clock;
  readonly #entries: LruMap<string, { readonly value: T; readonly untilMs: number }>;

  constructor(clock: Clock, capacity: number) {
    this.#clock = clock;
    this.#entries = new LruMap(capacity);
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#clock.monotonicMs() < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, ttlMs: number): void {
    if (ttlMs > 0) this.#entries.set(key, { value, untilMs: this.#clock.monotonicMs() + ttlMs });
  }
}
