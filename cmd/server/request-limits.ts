import type { RequestLimits } from "../../apiserver/request-limits.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";

/** How many requests are served at once, as the flags say. */
export function requestLimitsOf(flags: ServerFlags): RequestLimits {
  const { maxRequestsInflight, maxMutatingRequestsInflight } = flags;
  const priorityAndFairness = flags.enablePriorityAndFairness === "true";
  if (priorityAndFairness && maxRequestsInflight + maxMutatingRequestsInflight === 0) {
    throw new CommandError(
      "--max-requests-inflight and --max-mutating-requests-inflight are both 0: nothing could be served; give one of them, or --enable-priority-and-fairness=false",
    );
  }
  return {
    maxRequestsInFlight: maxRequestsInflight,
    maxMutatingRequestsInFlight: maxMutatingRequestsInflight,
    priorityAndFairness,
  };
}
