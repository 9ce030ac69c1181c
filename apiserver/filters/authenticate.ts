import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Logger } from "../../base/logger.ts";
import type { Authenticated, Authenticator } from "../authentication/authenticator.ts";
import type { Filter } from "../chain.ts";
import type { ApiResponse } from "../response.ts";

/** Finds out who asks. A credential that is bad, or that nobody knows, is `Unauthorized`; why is for the log alone. */
export function authenticate(authenticator: Authenticator, logger: Logger): Filter {
  return (next) => (request) => {
    const goOn = (found: Authenticated | undefined): Promise<ApiResponse> => {
      if (found === undefined) return Promise.reject(ApiError.unauthorized("Unauthorized"));
      request.user = found.user;
      return next(request);
    };
    const bad = (error: unknown): undefined => {
      for (const [key, value] of annotationsOf(error)) request.auditAnnotations.set(key, value);
      logger.debug("unable to authenticate the request", { path: request.path, error });
      return undefined;
    };
    let found: ReturnType<Authenticator["authenticate"]>;
    try {
      found = authenticator.authenticate(request);
    } catch (error) {
      found = bad(error);
    }
    return found instanceof Promise ? found.catch(bad).then(goOn) : goOn(found);
  };
}

/** What failures, and what they come from, want the audit log to know. */
function* annotationsOf(error: unknown): Generator<readonly [string, string]> {
  if (!(error instanceof Error)) return;
  const { auditAnnotations } = error as { readonly auditAnnotations?: Readonly<Record<string, string>> };
  if (auditAnnotations !== undefined) yield* Object.entries(auditAnnotations);
  if (error instanceof AggregateError) for (const one of error.errors) yield* annotationsOf(one);
  yield* annotationsOf(error.cause);
}
