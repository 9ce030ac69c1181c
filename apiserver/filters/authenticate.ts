import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Logger } from "../../base/logger.ts";
import type { Authenticated, Authenticator } from "../authentication/authenticator.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest } from "../request.ts";

/** Finds out who asks. A credential that is bad, or that nobody knows, is `Unauthorized`; why is for the log alone. */
export function authenticate(authenticator: Authenticator, logger: Logger): Filter {
  const ask = async (request: ApiRequest): Promise<Authenticated | undefined> => {
    try {
      return await authenticator.authenticate(request);
    } catch (error) {
      logger.debug("unable to authenticate the request", { path: request.path, error });
      return undefined;
    }
  };
  return (next) => async (request) => {
    const found = await ask(request);
    if (found === undefined) {
      throw ApiError.unauthorized("Unauthorized");
    }
    request.user = found.user;
    return next(request);
  };
}
