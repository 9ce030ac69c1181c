import { access } from "node:fs/promises";
import type { Clock } from "../../base/clock.ts";
import type { Client } from "../../client/mod.ts";

const pollMs = 10;

export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Resolves once the file is there, or the time is over: a server that is started together with this node makes it. */
export async function fileIsThere(file: string, patience: Patience): Promise<void> {
  await trying(() => access(file), patience);
}

/**
 * Resolves once the API server answers, or the time is over: informers that fail first wait for longer than a server takes to
 * start. Not a condition: a node goes on without its server.
 */
export async function serverAnswers(client: Client, patience: Patience): Promise<void> {
  await trying(() => client.get("/readyz", { signal: patience.signal }), patience);
}

async function trying(attempt: () => Promise<unknown>, { clock, timeoutMs, signal }: Patience): Promise<void> {
  const end = clock.monotonicMs() + timeoutMs;
  while (!signal.aborted && clock.monotonicMs() < end) {
    try {
      await attempt();
      return;
    } catch {
      await clock.sleep(pollMs, signal).catch(() => {}); // Aborted: the loop ends.
    }
  }
}
