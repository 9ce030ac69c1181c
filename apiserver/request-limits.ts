import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Filter } from "./chain.ts";
import { priorityAndFairness } from "./flow-control/filter.ts";
import { FlowControl } from "./flow-control/flow-control.ts";
import { maxInFlight } from "./flow-control/max-in-flight.ts";
import type { StoredStats } from "./flow-control/work-estimator.ts";
import type { Registry } from "./registry/registry.ts";
import type { RequestInfo } from "./request.ts";

/** Upstream's flags of the same names; their sum is what priority and fairness shares out. */
export interface RequestLimits {
  readonly maxRequestsInFlight: number;
  readonly maxMutatingRequestsInFlight: number;
  readonly priorityAndFairness: boolean;
}

export const defaultRequestLimits: RequestLimits = {
  maxRequestsInFlight: 400,
  maxMutatingRequestsInFlight: 200,
  priorityAndFairness: true,
};

export interface LimitedServer {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
}

/** Priority and fairness, where it is wanted and its kinds are served. */
export function flowControlOf(limits: RequestLimits, server: LimitedServer): FlowControl | undefined {
  const served = server.registry.find("flowcontrol.apiserver.k8s.io", "v1", "flowschemas") !== undefined;
  if (!limits.priorityAndFairness || !served) return undefined;
  const concurrencyLimit = limits.maxRequestsInFlight + limits.maxMutatingRequestsInFlight;
  return new FlowControl({ ...server, concurrencyLimit });
}

/** Lets through what the limits allow: by priority and fairness, else by counting. */
export function limitRequests(
  limits: RequestLimits,
  flowControl: FlowControl | undefined,
  { registry, clock }: Pick<LimitedServer, "registry" | "clock">,
): Filter {
  if (flowControl === undefined) {
    return maxInFlight({ readOnly: limits.maxRequestsInFlight, mutating: limits.maxMutatingRequestsInFlight });
  }
  const statsOf = ({ group, version, resource }: RequestInfo): StoredStats | undefined => {
    const cache = registry.find(group, version, resource)?.cache;
    if (cache === undefined) return undefined;
    return { count: cache.size, averageBytes: cache.size === 0 ? 0 : Math.ceil(cache.byteLength / cache.size) };
  };
  return priorityAndFairness({ flowControl, clock, statsOf });
}
