import type { Clock } from "./clock.ts";

/** A signal together with what has to be let go when it is no longer needed: `using linked = linkSignals(a, b)`. */
export interface LinkedSignal extends Disposable {
  readonly signal: AbortSignal;
}

/** The reason of a signal that a time limit aborted; `name` as `AbortSignal.timeout` gives it. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/** Calls `fn` with the reason when `signal` aborts, at once if it has. Dispose to stop listening. */
export function onAbort(signal: AbortSignal, fn: (reason: unknown) => void): Disposable {
  if (signal.aborted) {
    fn(signal.reason);
    return { [Symbol.dispose]() {} };
  }
  const listener = (): void => fn(signal.reason);
  signal.addEventListener("abort", listener, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", listener) };
}

/** A signal that aborts when the first of several does, with its reason. Disposing detaches it from them. */
export function linkSignals(...signals: readonly (AbortSignal | undefined)[]): LinkedSignal {
  const controller = new AbortController();
  const listeners = signals.map((signal) => signal && onAbort(signal, (reason) => controller.abort(reason)));
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const listener of listeners) listener?.[Symbol.dispose]();
    },
  };
}

export interface TimeoutOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A signal that aborts with `TimeoutError` after `timeoutMs`, or earlier with the given signal. Dispose clears the timer. */
export function signalWithTimeout({ clock, timeoutMs, signal }: TimeoutOptions): LinkedSignal {
  const controller = new AbortController();
  const timer = clock.setTimer(timeoutMs, function timeout() {
    controller.abort(new TimeoutError(`timed out after ${timeoutMs} ms`));
  });
  const listener =
    signal &&
    onAbort(signal, (reason) => {
      timer.clear();
      controller.abort(reason);
    });
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      timer.clear();
      listener?.[Symbol.dispose]();
    },
  };
}

/** `promise`, or a rejection with the signal's reason if that comes first. The promise itself is left to its own devices. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  if (signal.aborted) {
    promise.catch(() => {}); // Nobody else may be looking: its outcome no longer matters.
    return Promise.reject(signal.reason);
  }
  return new Promise((resolve, reject) => {
    const listener = (): void => reject(signal.reason);
    signal.addEventListener("abort", listener, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener("abort", listener);
        resolve(value);
      },
      (error: unknown) => {
        signal.removeEventListener("abort", listener);
        reject(error);
      },
    );
  });
}

/** Waits for `promise`, `timeoutMs` at most: resolves then, too. Rejects as it does, or with the given signal's reason. */
export async function waitAtMost(promise: Promise<unknown>, options: TimeoutOptions): Promise<void> {
  using limit = signalWithTimeout(options);
  try {
    await abortable(promise, limit.signal);
  } catch (error) {
    if (!(error instanceof TimeoutError && error === limit.signal.reason)) throw error;
  }
}

/** Resolves once `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, () => resolve());
  });
}

/** Whether `error` is only the echo of `signal`'s abort. */
export function isAbortOf(error: unknown, signal: AbortSignal): boolean {
  if (!signal.aborted) return false;
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}
