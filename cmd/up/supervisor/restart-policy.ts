/** What a supervisor remembers of a component's ends. */
export interface RestartHistory {
  /** Ends in a row that came before it had been well for long enough. */
  readonly failures: number;
}

export const noFailures: RestartHistory = { failures: 0 };

/** Who has run this long is well, and earlier failures are forgotten. */
export const forgetAfterMs = 60_000;
const firstDelayMs = 500;
const longestDelayMs = 5_000;

/** After an end: how long to wait before the next start. The first time not at all, then twice as long each time. */
export function afterExit(history: RestartHistory, ranForMs: number): { history: RestartHistory; delayMs: number } {
  const failures = ranForMs >= forgetAfterMs ? 1 : history.failures + 1;
  const delayMs = failures === 1 ? 0 : Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(failures - 2, 10));
  return { history: { failures }, delayMs };
}
