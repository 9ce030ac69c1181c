import type { Query } from "./wire/query.ts";
import type { Answer } from "./wire/response.ts";

export interface Request {
  readonly query: Query;
  readonly transport: "udp" | "tcp";
}

/** What a plugin came to: records to be encoded, or another server's message as it is. `by` is the plugin that knew. */
export type Outcome =
  | { readonly kind: "answer"; readonly answer: Answer; readonly by: string }
  | { readonly kind: "message"; readonly bytes: Uint8Array; readonly by: string };

export type Handler = (request: Request, signal: AbortSignal) => Outcome | Promise<Outcome>;

/**
 * One behaviour of the server, as CoreDNS has them: it answers, or asks the next one and may change what that says. Answers
 * without a promise wherever it need not wait. May throw: the client then gets SERVFAIL.
 */
export interface Plugin {
  readonly name: string;
  /** Called once, when the chain is built. */
  handler(next: Handler): Handler;
}

/** The first plugin is asked first. Behind the last nobody knows anything. */
export function chain(plugins: readonly Plugin[], last: Handler): Handler {
  return plugins.reduceRight((next, plugin) => plugin.handler(next), last);
}

/** `change` of an outcome, now or when it is there. */
export function then(
  outcome: Outcome | Promise<Outcome>,
  change: (outcome: Outcome) => Outcome,
): Outcome | Promise<Outcome> {
  return outcome instanceof Promise ? outcome.then(change) : change(outcome);
}
