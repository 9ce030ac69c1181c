import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { parseDurationMs, TimeError } from "../../apimachinery/time/duration.ts";
import type { Clock } from "../../base/clock.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest, RequestInfo } from "../request.ts";

/** How long any request may take (kube-apiserver --request-timeout). */
export const defaultRequestTimeoutMs = 60_000;

const longRunningSubresources: ReadonlySet<string> = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** Streams and connections have no deadline: they end by their own rules (kube-apiserver's BasicLongRunningRequestCheck). */
export function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === "watch" || verb === "proxy" || longRunningSubresources.has(subresource);
}

/**
 * Answers Timeout in place of a request that takes longer than `maxMs`, or than the client's own shorter `timeout`. What was
 * begun may still come about (endpoints/filters/request_deadline.go, server/filters/timeout.go).
 */
export function deadline(clock: Clock, maxMs: number = defaultRequestTimeoutMs): Filter {
  return (next) => (request) => {
    if (request.info.isResourceRequest && isLongRunning(request.info)) {
      return next(request);
    }
    const timeoutMs = timeoutOf(request, maxMs);
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(timeoutMs, () =>
        reject(ApiError.timeout("request did not complete within the allotted timeout")),
      );
      const pass = async (): Promise<void> => {
        try {
          resolve(await next(request));
        } catch (error) {
          reject(error);
        } finally {
          timer.clear();
        }
      };
      void pass();
    });
  };
}

/** How long this request may take: `maxMs`, or its own shorter `timeout`. */
export function timeoutOf(request: ApiRequest, maxMs: number = defaultRequestTimeoutMs): number {
  return Math.min(maxMs, askedMs(request) ?? maxMs);
}

/** Zero and less ask for nothing of their own. */
function askedMs({ query }: ApiRequest): number | undefined {
  const text = query.get("timeout") ?? "";
  if (text === "") {
    return undefined;
  }
  try {
    const milliseconds = parseDurationMs(text);
    return milliseconds > 0 ? milliseconds : undefined;
  } catch (error) {
    if (error instanceof TimeError) {
      throw ApiError.badRequest(`invalid timeout specified in the request URL - ${error.message}`);
    }
    throw error;
  }
}
