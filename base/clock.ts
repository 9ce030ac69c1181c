/** Time as an argument: the real one in `cmd/`, a virtual one in tests and simulations. */
export interface Clock {
  /** Milliseconds since 1970, for what people and the wire see. */
  now(): number;
  /** Milliseconds of a clock that never goes back, for durations. */
  monotonicMs(): number;
  /** Calls `fn` once after `delayMs`, unless the returned timer is cleared first. Never sooner than the next turn. */
  setTimer(delayMs: number, fn: () => void): Timer;
  /** Resolves after `delayMs`; rejects with the signal's reason when it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

export interface Timer {
  clear(): void;
  /** A pending timer keeps the process alive unless unref'd. Returns itself. Virtual timers ignore it. */
  unref(): Timer;
}
