import type { DeliveryPace, FrameHolder } from "./delivery-pace.ts";
import type { Exchange } from "./exchange.ts";
import type { SharedFrame } from "./shared-frame.ts";

/** So much is as good a write as more of it. */
const fullBytes = 64 * 1024;

/** The frames of one watcher on their way out, at the pace of all deliveries. */
export class PacedFrames implements FrameHolder {
  readonly #exchange: Exchange;
  readonly #pace: DeliveryPace;
  #held: SharedFrame | undefined;

  constructor(exchange: Exchange, pace: DeliveryPace) {
    this.#exchange = exchange;
    this.#pace = pace;
  }

  add(frame: SharedFrame): void {
    if (this.#held === undefined) {
      this.#held = frame;
      this.#pace.add(this);
    } else {
      this.#held = this.#held.followedBy(frame);
    }
    if (this.#held.byteLength >= fullBytes) this.release();
  }

  /** What is held leaves now: whatever else is written goes behind it. */
  release(): void {
    const held = this.#held;
    if (held === undefined) return;
    this.#held = undefined;
    this.#exchange.writeShared(held);
  }

  /** Bytes that have not left yet. */
  get pendingBytes(): number {
    return this.#exchange.pendingBytes + (this.#held?.byteLength ?? 0);
  }
}
