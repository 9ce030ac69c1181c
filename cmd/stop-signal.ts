/** Aborts at the first SIGTERM or SIGINT. A second one ends the process at once, as if nobody listened. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => stop.abort(new Error(`${name} was received`)));
  }
  return stop.signal;
}
