import { type FSWatcher, watch } from "node:fs";
import type { Clock, Timer } from "../../base/clock.ts";

/** A file system that tells nothing is looked at as often (cri-client's logForceCheckPeriod). */
const longestWaitMs = 1_000;
const shortestWaitMs = 50;

/** Waits for something to happen to a directory's files. Close it when done. */
export class LogWaiter {
  readonly #clock: Clock;
  readonly #watcher: FSWatcher;
  #happened = false;
  #wake: (() => void) | undefined;
  #waitMs = shortestWaitMs;

  /** Throws the system's error where the directory cannot be watched. */
  constructor(directory: string, clock: Clock) {
    this.#clock = clock;
    const changed = (): void => {
      this.#happened = true;
      this.#wake?.();
    };
    this.#watcher = watch(directory, { persistent: false }, changed);
    // The directory is gone: the next look finds the file gone too.
    this.#watcher.on("error", changed);
  }

  /**
   * Resolves with true on a change since the last call. With false where nothing has happened for a while, which is a time
   * to look whether anything still can; the wait grows from 50 ms to a second while all is quiet.
   */
  async next(signal: AbortSignal): Promise<boolean> {
    if (!this.#happened && !signal.aborted) await this.#pause(signal);
    const happened = this.#happened;
    this.#happened = false;
    this.#waitMs = happened ? shortestWaitMs : Math.min(this.#waitMs * 2, longestWaitMs);
    return happened;
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      let timer: Timer | undefined;
      const done = (): void => {
        this.#wake = undefined;
        timer?.clear();
        signal.removeEventListener("abort", done);
        resolve();
      };
      this.#wake = done;
      timer = this.#clock.setTimer(this.#waitMs, done);
      signal.addEventListener("abort", done, { once: true });
    });
  }

  close(): void {
    this.#watcher.close();
  }
}
