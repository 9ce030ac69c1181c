import type { Timer } from "./clock.ts";

/** `Clock.sleep` over `Clock.setTimer`: the timer and the signal's listener are gone once the promise has settled. */
export function sleepWith(
  setTimer: (delayMs: number, fn: () => void) => Timer,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      timer.clear();
      reject(signal?.reason);
    };
    const timer = setTimer(delayMs, function sleep() {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}
