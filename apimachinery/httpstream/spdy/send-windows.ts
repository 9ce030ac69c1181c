import { SpdyError } from "./frames.ts";

const defaultWindow = 64 * 1024;
const largestWindow = 0x7fffffff;

/** How much each stream may still send before its peer says that it has read (SPDY Protocol Draft 3.1, 2.6.8). */
export class SendWindows {
  #initial = defaultWindow;
  readonly #left = new Map<number, number>();
  readonly #waiting = new Map<number, () => void>();

  /** Takes at most `wanted` bytes from the stream's window; 0 where it is used up. */
  take(streamId: number, wanted: number): number {
    const left = this.#left.get(streamId) ?? this.#initial;
    const taken = Math.max(0, Math.min(left, wanted));
    this.#left.set(streamId, left - taken);
    return taken;
  }

  /** Calls once when the window opens, or the stream is gone. */
  wait(streamId: number, resume: () => void): void {
    this.#waiting.set(streamId, resume);
  }

  /** Throws SpdyError where the window would pass 2³¹ − 1. */
  grow(streamId: number, bytes: number): void {
    const left = (this.#left.get(streamId) ?? this.#initial) + bytes;
    if (left > largestWindow) throw new SpdyError("a window grows beyond all bounds");
    this.#left.set(streamId, left);
    if (left > 0) this.#resume(streamId);
  }

  /** A new size for streams to come, and for open ones by the difference; these may fall below zero. */
  setInitial(bytes: number): void {
    const change = bytes - this.#initial;
    this.#initial = bytes;
    for (const [streamId, left] of this.#left) {
      this.#left.set(streamId, left + change);
      if (left + change > 0) this.#resume(streamId);
    }
  }

  forget(streamId: number): void {
    this.#left.delete(streamId);
    this.#resume(streamId);
  }

  close(): void {
    for (const streamId of [...this.#waiting.keys()]) this.#resume(streamId);
  }

  #resume(streamId: number): void {
    const resume = this.#waiting.get(streamId);
    this.#waiting.delete(streamId);
    resume?.();
  }
}
