import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import type { TestNamespace } from "./network-namespace.ts";

export interface RequestsReport {
  /** How often each text was answered. */
  readonly answers: Readonly<Record<string, number>>;
  /** With their times. */
  readonly failures: readonly string[];
  readonly longestMs: number;
}

export interface Requests {
  /** Ends them once those under way have ended. */
  stop(): Promise<RequestsReport>;
}

/** Asks a URL from within a namespace every so often, over a new connection each time, until it is stopped. */
export async function startRequests(
  t: TestContext,
  namespace: TestNamespace,
  { url, everyMs = 20 }: { readonly url: string; readonly everyMs?: number },
): Promise<Requests> {
  const args = [join(import.meta.dirname, "requests-program.ts"), url, String(everyMs)];
  const child = spawn(...namespace.command(process.execPath, args), { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  return {
    stop: async () => {
      const answer = once(lines, "line");
      child.stdin.end();
      return JSON.parse(String((await answer)[0])) as RequestsReport;
    },
  };
}
