import type { PodInfo } from "../cache/pod-info.ts";

/** A pod in the queue, and what became of it so far. */
export interface QueuedPod {
  info: PodInfo;
  /** Where it is. `in-flight`: taken out, and its fate not yet known. */
  place: "active" | "backoff" | "error-backoff" | "unschedulable" | "gated" | "in-flight";
  /** Plugins that rejected it last; none where something went wrong instead. */
  rejectedBy: ReadonlySet<string>;
  /** Since when it is where it is, of `Clock.monotonicMs`. */
  sinceMs: number;
  /** When it came into the queue first. */
  readonly addedMs: number;
  attempts: number;
  /** Rejections, and errors in a row: each doubles the wait. */
  rejections: number;
  errors: number;
  readyMs: number;
  /** Counts placements: entries of a heap that bear an earlier one are stale. */
  ticket: number;
}

const initialBackoffMs = 1_000;
const maxBackoffMs = 10_000;

/** How long a pod waits before it is tried again: 1 s, doubling up to 10 s; none before its first failure. Pure. */
export function backoffMs({ rejections, errors }: Pick<QueuedPod, "rejections" | "errors">): number {
  const count = errors > 0 ? errors : rejections;
  return count === 0 ? 0 : Math.min(maxBackoffMs, initialBackoffMs * 2 ** Math.min(count - 1, 10));
}

/** Queue order: important pods first, then those that wait longest (plugins/queuesort PrioritySort). */
export function comesBefore(a: Pick<QueuedPod, "info" | "sinceMs">, b: Pick<QueuedPod, "info" | "sinceMs">): boolean {
  return a.info.priority > b.info.priority || (a.info.priority === b.info.priority && a.sinceMs < b.sinceMs);
}
