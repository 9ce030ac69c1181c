import type { RuntimeContainer } from "../runtime/runtime-pod.ts";
import type { Restarts } from "./memory.ts";

const firstDelayMs = 1_000;
const longestDelayMs = 300_000;
/** A container that ran this long is healthy again, and its earlier ends are forgotten. */
const healthyAfterMs = 600_000;

/** Starts in a row, once the ended container is replaced. */
export function restartCountAfter(restarts: Restarts | undefined, ended: RuntimeContainer): number {
  return consecutive(restarts, ended) + 1;
}

/**
 * How long after its end a container waits to be started again: not at all the first time, then 1 s, doubling to 5 min.
 *
 * Example: ends at once each time → 0, 1, 2, 4, … 256, 300, 300 s; runs for ten minutes → 0 again.
 */
export function restartDelayMs(restarts: Restarts | undefined, ended: RuntimeContainer): number {
  const count = consecutive(restarts, ended);
  return count === 0 ? 0 : Math.min(firstDelayMs * 2 ** Math.min(count - 1, 20), longestDelayMs);
}

function consecutive(restarts: Restarts | undefined, ended: RuntimeContainer): number {
  const ranMs = ended.startedAtMs === 0 ? 0 : ended.finishedAtMs - ended.startedAtMs;
  if (restarts === undefined || ranMs >= healthyAfterMs) return 0;
  // The start after this very container's end failed before there was another one: it was no restart yet.
  return restarts.afterId === ended.id ? restarts.count - 1 : restarts.count;
}

/** How long a step that failed waits to be tried again: 1 s, doubling to 10 s. */
export function retryDelayMs(failuresInRow: number): number {
  return Math.min(1_000 * 2 ** Math.min(failuresInRow - 1, 10), 10_000);
}

/** `1s`, `2m0s`: as Go writes durations of whole seconds. */
export function formatDelay(delayMs: number): string {
  const seconds = Math.round(delayMs / 1_000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
