import { isAbortOf } from "../../base/cancellation.ts";
import type { Logger } from "../../base/logger.ts";
import type { Outcome, Plugin } from "../plugin.ts";
import { servfail } from "../wire/response.ts";

/** Whatever fails further in is logged and answered with SERVFAIL: the server goes on. */
export function errors(logger: Logger, onError?: () => void): Plugin {
  return {
    name: "errors",
    handler: (next) => (request, signal) => {
      const failed = (error: unknown): Outcome => {
        if (!isAbortOf(error, signal)) {
          onError?.();
          logger.error("A query failed", { name: request.query.name, type: request.query.type, error });
        }
        return { kind: "answer", answer: servfail, by: "errors" };
      };
      try {
        const outcome = next(request, signal);
        return outcome instanceof Promise ? outcome.catch(failed) : outcome;
      } catch (error) {
        return failed(error);
      }
    },
  };
}
