import type { RawResponse } from "../response.ts";

/** Turned away for now: plain text, as upstream's filters write it. */
export function tooManyRequests(retryAfterSeconds: number): RawResponse {
  return {
    type: "raw",
    status: 429,
    contentType: "text/plain; charset=utf-8",
    body: "Too many requests, please try again later.\n",
    headers: { "retry-after": String(retryAfterSeconds), "x-content-type-options": "nosniff" },
  };
}
