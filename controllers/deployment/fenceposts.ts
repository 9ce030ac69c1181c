import type { Deployment } from "../../api/apps/v1/deployment.ts";
import { scaledIntOrPercent } from "../../apimachinery/int-or-string/int-or-string.ts";

interface Fenceposts {
  readonly surge: number;
  readonly unavailable: number;
}

const none: Fenceposts = { surge: 0, unavailable: 0 };

/**
 * How many replicas more than wanted there may be, and how many fewer may be available, while a Deployment rolls. Both zero
 * would stand still: then one may be unavailable (ResolveFenceposts).
 */
function fenceposts({ spec }: Deployment): Fenceposts {
  if (spec.strategy.type !== "RollingUpdate") return none;
  const { maxSurge = 0, maxUnavailable = 0 } = spec.strategy.rollingUpdate ?? {};
  const surge = scaledIntOrPercent(maxSurge, spec.replicas, "up");
  const unavailable = scaledIntOrPercent(maxUnavailable, spec.replicas, "down");
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable };
}

export function maxSurge(deployment: Deployment): number {
  return fenceposts(deployment).surge;
}

export function maxUnavailable(deployment: Deployment): number {
  const { replicas } = deployment.spec;
  return replicas === 0 ? 0 : Math.min(replicas, fenceposts(deployment).unavailable);
}

/** The size that the current ReplicaSet may grow to, of `size`, while all together want `total` (NewRSNewReplicas). */
export function sizeOfCurrent(deployment: Deployment, total: number, size: number): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate") return replicas;
  const room = replicas + scaledIntOrPercent(strategy.rollingUpdate?.maxSurge ?? 0, replicas, "up") - total;
  return room <= 0 ? size : size + Math.min(room, replicas - size);
}
