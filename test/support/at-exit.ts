/** Calls back when this process ends early, by itself or by a signal that it can hear. Gives what takes that back. */
export function atExit(callback: () => void): () => void {
  listen();
  process.once("exit", callback);
  return () => void process.off("exit", callback);
}

let listening = false;

/** By itself a signal ends a process without its `exit` listeners. */
function listen(): void {
  if (listening) return;
  listening = true;
  for (const [signal, code] of [
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const) {
    process.once(signal, () => process.exit(code));
  }
}
