import type { Clock, Timer } from "../../base/clock.ts";
import type { AuditBackend, AuditEvent } from "./event.ts";

/** Names and defaults as upstream's flags have them (--audit-webhook-batch-*). */
export interface BatchOptions {
  /** Events that may wait; further ones are dropped. */
  readonly bufferSize: number;
  readonly maxBatchSize: number;
  /** How long the first event of a batch waits for others. */
  readonly maxWaitMs: number;
  /** Batches a second, on average, and at once; absent: as they come. */
  readonly throttle?: { readonly perSecond: number; readonly burst: number };
}

export const defaultWebhookBatch: BatchOptions = {
  bufferSize: 10_000,
  maxBatchSize: 400,
  maxWaitMs: 30_000,
  throttle: { perSecond: 10, burst: 15 },
};

/** Takes several events at once. Must not reject. */
export interface BatchSink {
  send(events: readonly AuditEvent[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Sends events in batches (apiserver/plugin/pkg/audit/buffered): a batch goes out when it is full, or its first event has
 * waited long enough, and no sooner than the throttle allows. Batches do not wait for one another.
 */
export class BatchedBackend implements AuditBackend {
  readonly #sink: BatchSink;
  readonly #options: BatchOptions;
  readonly #clock: Clock;
  readonly #onDropped: (count: number, error: Error) => void;
  #waiting: AuditEvent[] = [];
  #timer: Timer | undefined;
  #tokens: number;
  #refilledMs: number;
  readonly #sending = new Set<Promise<void>>();

  constructor(
    sink: BatchSink,
    options: BatchOptions,
    parts: { readonly clock: Clock; readonly onDropped: (count: number, error: Error) => void },
  ) {
    this.#sink = sink;
    this.#options = options;
    this.#clock = parts.clock;
    this.#onDropped = parts.onDropped;
    this.#tokens = options.throttle?.burst ?? 0;
    this.#refilledMs = parts.clock.monotonicMs();
  }

  write(event: AuditEvent): void {
    const { bufferSize, maxBatchSize, maxWaitMs } = this.#options;
    if (this.#waiting.length >= bufferSize) {
      this.#onDropped(1, new Error("audit buffer queue blocked"));
      return;
    }
    this.#waiting.push(event);
    if (this.#waiting.length >= maxBatchSize) this.#flush();
    else this.#timer ??= this.#clock.setTimer(maxWaitMs, () => this.#flush()).unref();
  }

  /** Everything goes out, whatever the throttle says, and is waited for. */
  async close(): Promise<void> {
    this.#timer?.clear();
    this.#timer = undefined;
    while (this.#waiting.length > 0) this.#send();
    await Promise.all(this.#sending);
    await this.#sink.close();
  }

  /** All full batches, and the one that has waited; where the throttle says no, again when it will say yes. */
  #flush(): void {
    this.#timer?.clear();
    this.#timer = undefined;
    let due = true;
    while (due && this.#waiting.length > 0) {
      const waitMs = this.#takeToken();
      if (waitMs > 0) {
        this.#timer = this.#clock.setTimer(waitMs, () => this.#flush()).unref();
        return;
      }
      this.#send();
      due = this.#waiting.length >= this.#options.maxBatchSize;
    }
    if (this.#waiting.length > 0) {
      this.#timer = this.#clock.setTimer(this.#options.maxWaitMs, () => this.#flush()).unref();
    }
  }

  #send(): void {
    const batch = this.#waiting.splice(0, this.#options.maxBatchSize);
    const sending = this.#sink.send(batch).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** 0 where a batch may go now, else after how many milliseconds. */
  #takeToken(): number {
    const { throttle } = this.#options;
    if (throttle === undefined) return 0;
    const now = this.#clock.monotonicMs();
    const gained = ((now - this.#refilledMs) / 1_000) * throttle.perSecond;
    this.#tokens = Math.min(throttle.burst, this.#tokens + gained);
    this.#refilledMs = now;
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / throttle.perSecond) * 1_000);
    this.#tokens--;
    return 0;
  }
}
