import type { ApiRequest } from "./request.ts";

/** Asks for a signal that says when nobody waits any more; a question that needs none makes none. */
export type Until = () => AbortSignal;

const over = new Error("context canceled");

/** Aborts once nobody waits for the answer: the client is gone, or has been answered, as by a deadline. */
export function endOf(request: ApiRequest): AbortSignal {
  const { signal, onAnswered } = request;
  if (onAnswered === undefined || signal.aborted) return signal;
  const end = new AbortController();
  const abort = (): void => end.abort(over);
  request.onAnswered!(abort);
  signal.addEventListener("abort", abort, { once: true });
  return end.signal;
}
