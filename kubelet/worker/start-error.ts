import { CriError } from "../../cri/mod.ts";
import { retryDelayMs } from "./back-off.ts";
import type { Failure, Waiting } from "./memory.ts";

/** A container that could not be started: its `state.waiting`. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly waiting: Waiting;
  /** Monotonic milliseconds, where whoever failed knows when to try again. */
  readonly retryAtMs: number | undefined;

  constructor(waiting: Waiting, options: ErrorOptions & { readonly retryAtMs?: number } = {}) {
    super(`${waiting.reason}: ${waiting.message}`, options);
    this.waiting = waiting;
    this.retryAtMs = options.retryAtMs;
  }
}

/** What the runtime itself said, without the wire's words around it. */
export function detailsOf(error: unknown): string {
  if (error instanceof CriError) return error.details;
  return error instanceof Error ? error.message : String(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A failure to remember, and when to try again. */
export function failureOf(error: unknown, before: Failure | undefined, monotonicMs: number): Failure {
  const count = (before?.count ?? 0) + 1;
  const waiting = error instanceof StartError ? error.waiting : { reason: "", message: messageOf(error) };
  const retryAtMs = (error instanceof StartError ? error.retryAtMs : undefined) ?? monotonicMs + retryDelayMs(count);
  return { ...waiting, retryAtMs, count };
}
