import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { parseDurationMs, TimeError } from "../../apimachinery/time/duration.ts";
import type { Clock } from "../../base/clock.ts";
import type { Filter } from "../chain.ts";
import type { ApiRequest, RequestInfo } from "../request.ts";

/** How long any request may take (kube-apiserver --request-timeout). */
export const defaultRequestTimeoutMs = 60_000;

const longRunningSubresources: ReadonlySet<string> = new Set(["attach", "exec", "proxy", "log", "portforward"]);

/** How long the write of one object may take (endpoints/handlers/rest.go requestTimeoutUpperBound). */
const writeTimeoutMs = 34_000;
const writes: ReadonlySet<string> = new Set(["create", "update", "patch", "delete"]);

/** Streams and connections have no deadline: they end by their own rules (kube-apiserver's BasicLongRunningRequestCheck). */
export function isLongRunning({ verb, subresource }: RequestInfo): boolean {
  return verb === "watch" || verb === "proxy" || longRunningSubresources.has(subresource);
}

/**
 * Answers Timeout in place of a request that takes longer than `maxMs`, or than the client's own shorter `timeout`. What was
 * begun may still come about, and is told its end (endpoints/filters/request_deadline.go, server/filters/timeout.go).
 */
export function deadline(clock: Clock, maxMs: number = defaultRequestTimeoutMs): Filter {
  return (next) => (request) => {
    if (request.info.isResourceRequest && isLongRunning(request.info)) {
      return next(request);
    }
    return within(clock, request, timeoutOf(request, maxMs), "the allotted timeout", () => next(request));
  };
}

/**
 * Writes of one object to this server itself take half a minute at most, whatever was asked for: what is left of
 * the request's time is enough to say so. Of a body that has not come by then nothing can be said: the request's own
 * time goes on.
 */
export function withinWriteTime<T>(clock: Clock, request: ApiRequest, run: () => Promise<T>): Promise<T> {
  const { verb } = request.info;
  const isBounded = writes.has(verb) && (request.endsAtMs ?? 0) - clock.monotonicMs() > writeTimeoutMs;
  if (!isBounded) return run();
  const what = "requested timeout - context deadline exceeded";
  return within(clock, request, writeTimeoutMs, what, run, () => request.bodyUnderWay);
}

function within<T>(
  clock: Clock,
  request: ApiRequest,
  timeoutMs: number,
  what: string,
  run: () => Promise<T>,
  notBefore?: () => Promise<unknown> | undefined,
): Promise<T> {
  request.endsAtMs = clock.monotonicMs() + timeoutMs;
  return new Promise((resolve, reject) => {
    const end = (): void => reject(ApiError.timeout(`request did not complete within ${what}`));
    const timer = clock.setTimer(timeoutMs, () => {
      const waited = notBefore?.();
      if (waited === undefined) end();
      else waited.then(end, end);
    });
    const pass = async (): Promise<void> => {
      try {
        resolve(await run());
      } catch (error) {
        reject(error);
      } finally {
        timer.clear();
      }
    };
    void pass();
  });
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
