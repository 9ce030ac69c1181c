import type { Clock, Timer } from "./clock.ts";
import { sleepWith } from "./sleep.ts";

/** setTimeout's limit; it fires at once beyond it. */
const longestTimeoutMs = 2 ** 31 - 1;

class RealTimer implements Timer {
  #handle: NodeJS.Timeout;
  #unreferenced = false;

  constructor(delayMs: number, fn: () => void) {
    this.#handle = this.#start(delayMs, fn);
  }

  clear(): void {
    clearTimeout(this.#handle);
  }

  unref(): Timer {
    this.#unreferenced = true;
    this.#handle.unref();
    return this;
  }

  #start(delayMs: number, fn: () => void): NodeJS.Timeout {
    if (delayMs <= longestTimeoutMs) return setTimeout(fn, delayMs);
    return setTimeout(() => {
      this.#handle = this.#start(delayMs - longestTimeoutMs, fn);
      if (this.#unreferenced) this.#handle.unref();
    }, longestTimeoutMs);
  }
}

/** The machine's time. */
export const realClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer: (delayMs, fn) => new RealTimer(Math.max(0, delayMs), fn),
  sleep: (delayMs, signal) => sleepWith(realClock.setTimer, delayMs, signal),
};
