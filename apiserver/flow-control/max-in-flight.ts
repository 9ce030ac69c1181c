import type { Filter } from "../chain.ts";
import { isLongRunning } from "../filters/deadline.ts";
import { tooManyRequests } from "./too-many-requests.ts";

export interface InFlightLimits {
  /** Requests that only read, at once; 0: without limit. */
  readonly readOnly: number;
  readonly mutating: number;
}

const readVerbs: ReadonlySet<string> = new Set(["get", "list", "watch"]);

/**
 * In place of priority and fairness, where that is turned off: so many requests at once, of all users together, but for
 * system:masters, who are never turned away (server/filters/maxinflight.go).
 */
export function maxInFlight(limits: InFlightLimits): Filter {
  const counts = { readOnly: 0, mutating: 0 };
  return (next) => async (request) => {
    const kind = readVerbs.has(request.info.verb) ? "readOnly" : "mutating";
    const limit = limits[kind];
    if (limit === 0 || (request.info.isResourceRequest && isLongRunning(request.info))) return next(request);
    if (counts[kind] >= limit) {
      return request.user.groups.includes("system:masters") ? next(request) : tooManyRequests(1);
    }
    counts[kind]++;
    const end = (): void => {
      counts[kind]--;
    };
    try {
      return await next(request);
    } finally {
      if (request.onAnswered === undefined) end();
      else request.onAnswered(end);
    }
  };
}
