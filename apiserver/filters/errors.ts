import { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { Logger } from "../../base/logger.ts";
import { ClosedError, StorageUnavailableError } from "../../storage/storage.ts";
import type { Filter } from "../chain.ts";

/** The outermost filter: whatever is thrown becomes an ApiError, so that every refusal is a Status. */
export function mapErrors(logger: Logger): Filter {
  return (next) => async (request) => {
    try {
      return await next(request);
    } catch (error) {
      if (error instanceof ApiError) {
        throw error;
      }
      if (request.signal.aborted) {
        throw ApiError.timeout("request did not complete within the allowed duration");
      }
      if (error instanceof URIError) {
        throw ApiError.badRequest(`the path is not percent-encoded as it should be: ${error.message}`);
      }
      if (error instanceof ClosedError) {
        throw ApiError.serviceUnavailable("the server is shutting down");
      }
      if (error instanceof StorageUnavailableError) {
        throw ApiError.serviceUnavailable(`the store does not answer: ${error.message}`);
      }
      logger.error("a request failed unexpectedly", { method: request.method, path: request.path, error });
      throw ApiError.internal(error);
    }
  };
}
