import type { ApiRequest } from "./request.ts";
import type { ApiResponse } from "./response.ts";

/** Answers a request. A refusal is an ApiError: thrown at once, or what the promise rejects with. */
export type Handler = (request: ApiRequest) => Promise<ApiResponse>;

/** Wraps a handler: looks at the request before it, or at the answer after it, or refuses in its place. */
export type Filter = (next: Handler) => Handler;

/** `compose([a, b], h)` runs a, then b, then h. */
export function compose(filters: readonly Filter[], handler: Handler): Handler {
  return filters.reduceRight((next, filter) => filter(next), handler);
}
