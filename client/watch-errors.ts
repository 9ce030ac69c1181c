import {
  apiErrorOf,
  isInternalError,
  isServerTimeout,
  isServiceUnavailable,
  isTimeout,
  isTooManyRequests,
} from "../apimachinery/errors/api-error.ts";

/**
 * Whether a watch that failed so may be opened again where it was: the connection broke, or the server is busy. Everything
 * else (expired, forbidden, no such resource) calls for reading all anew.
 */
export function isTransientWatchError(error: unknown): boolean {
  if (apiErrorOf(error) === undefined) return true;
  return (
    isTooManyRequests(error) ||
    isInternalError(error) ||
    isServiceUnavailable(error) ||
    isServerTimeout(error) ||
    isTimeout(error)
  );
}
