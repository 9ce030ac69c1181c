import type { Clock } from "../../base/mod.ts";

interface Entry {
  readonly delayMs: number;
  readonly updatedMs: number;
  /** Why the last attempt failed. */
  readonly message: string;
}

export interface BackingOff {
  /** Monotonic milliseconds. */
  readonly untilMs: number;
  readonly message: string;
}

const initialMs = 10_000;
const maxMs = 300_000;
const maxEntries = 10_000;

/**
 * Which images of which pods wait after a failed pull: 10 s, doubling to 5 min, forgotten after twice that
 * (client-go util/flowcontrol/backoff.go, as pkg/kubelet/kubelet.go sets it up).
 */
export class PullBackOff {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** Undefined: the next attempt may begin. */
  current(key: string): BackingOff | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const untilMs = entry.updatedMs + entry.delayMs;
    return this.#clock.monotonicMs() < untilMs ? { untilMs, message: entry.message } : undefined;
  }

  failed(key: string, message: string): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [other, { updatedMs }] of this.#entries) if (nowMs - updatedMs > maxMs * 2) this.#entries.delete(other);
    const before = this.#entries.get(key);
    // At the end of the map: the first is the longest untouched.
    this.#entries.delete(key);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < maxEntries) break;
      this.#entries.delete(oldest);
    }
    const delayMs = before === undefined ? initialMs : Math.min(before.delayMs * 2, maxMs);
    this.#entries.set(key, { delayMs, updatedMs: nowMs, message });
  }

  succeeded(key: string): void {
    this.#entries.delete(key);
  }
}
