import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import { maxSurge, maxUnavailable, sizeOfCurrent } from "./fenceposts.ts";
import { activeOrLatest, available, byAge, isActive, type Split, wanted } from "./replica-sets.ts";
import { annotatedCount, desiredAnnotation, maxAnnotation } from "./revision.ts";

/** A ReplicaSet and the size it should have; `annotate`: also where it has the size, its annotations must be right. */
export interface Size {
  readonly set: ReplicaSet;
  readonly replicas: number;
  readonly annotate?: boolean;
}

/** The next step of a rolling update: first the current one grows, else old ones shrink (rolloutRolling). */
export function rollingSizes(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Size[] {
  const { replicas } = deployment.spec;
  const size = current.spec.replicas;
  if (size > replicas) return [{ set: current, replicas }];
  if (size < replicas) {
    const next = sizeOfCurrent(deployment, wanted(old) + size, size);
    if (next !== size) return [{ set: current, replicas: next }];
  }
  return shrinkOld(deployment, current, old.filter(isActive));
}

/**
 * Old ones give up what is not available first, for that costs nothing; then what may be missing
 * (reconcileOldReplicaSets). Replicas of the current one that are not available yet count as missing.
 */
function shrinkOld(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): readonly Size[] {
  const sizes = new Map(old.map((set) => [set, set.spec.replicas]));
  const minAvailable = deployment.spec.replicas - maxUnavailable(deployment);
  const currentMissing = current.spec.replicas - (current.status.availableReplicas ?? 0);
  const spare = wanted(old) + current.spec.replicas - minAvailable - currentMissing;
  if (old.length === 0 || spare <= 0) return [];
  take(sizes, spare, (set) => set.spec.replicas - (set.status.availableReplicas ?? 0));
  take(sizes, available([...old, current]) - minAvailable, (set) => sizes.get(set)!);
  return old.filter((set) => sizes.get(set) !== set.spec.replicas).map((set) => ({ set, replicas: sizes.get(set)! }));
}

/** Takes `count` replicas, from old to new, from each at most what `atMost` says. */
function take(sizes: Map<ReplicaSet, number>, count: number, atMost: (set: ReplicaSet) => number): void {
  let left = count;
  for (const [set, size] of sizes) {
    const taken = Math.max(0, Math.min(left, size, atMost(set)));
    sizes.set(set, size - taken);
    left -= taken;
  }
}

/** True where the Deployment was scaled since its ReplicaSets were (isScalingEvent). */
export function isScaled(deployment: Deployment, { current, old }: Split): boolean {
  return [...old, current].some((set) => {
    if (!isActive(set)) return false;
    const desired = annotatedCount(set, desiredAnnotation);
    return desired !== undefined && desired !== deployment.spec.replicas;
  });
}

/** Sizes after the Deployment was scaled, or while it is paused: each keeps its share (DeploymentController.scale). */
export function scaledSizes(deployment: Deployment, sets: Split): readonly Size[] {
  const { replicas, strategy } = deployment.spec;
  const only = activeOrLatest(sets);
  if (only !== undefined) return only.spec.replicas === replicas ? [] : [{ set: only, replicas }];
  const { current, old } = sets;
  if (current !== undefined && isSaturated(deployment, current)) {
    return old.filter(isActive).map((set) => ({ set, replicas: 0 }));
  }
  return strategy.type === "RollingUpdate" ? proportions(deployment, [...old, current].filter(isActive)) : [];
}

function isSaturated({ spec }: Deployment, current: ReplicaSet): boolean {
  const { replicas } = spec;
  return (
    current.spec.replicas === replicas &&
    annotatedCount(current, desiredAnnotation) === replicas &&
    (current.status.availableReplicas ?? 0) === replicas
  );
}

function proportions(deployment: Deployment, active: readonly ReplicaSet[]): readonly Size[] {
  const { replicas } = deployment.spec;
  const allowed = replicas > 0 ? replicas + maxSurge(deployment) : 0;
  const toAdd = allowed - wanted(active);
  // The largest first; of equals, the newest where there is something to gain, the oldest where there is something to lose.
  const sorted = [...active].sort(
    (a, b) => b.spec.replicas - a.spec.replicas || (toAdd > 0 ? byAge(b, a) : byAge(a, b)),
  );
  let added = 0;
  const sizes = sorted.map((set) => {
    const share = shareOf(deployment, set, toAdd, added);
    added += share;
    return { set, replicas: set.spec.replicas + share, annotate: true };
  });
  return sizes.map((size, i) => (i === 0 ? { ...size, replicas: Math.max(0, size.replicas + toAdd - added) } : size));
}

/** What one gains or loses of `toAdd`, of which `added` is given away already (GetReplicaSetProportion). */
function shareOf(deployment: Deployment, set: ReplicaSet, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0;
  const fraction = fractionOf(deployment, set);
  return toAdd > 0 ? Math.min(fraction, toAdd - added) : Math.max(fraction, toAdd - added);
}

function fractionOf(deployment: Deployment, set: ReplicaSet): number {
  const size = set.spec.replicas;
  if (deployment.spec.replicas === 0) return -size;
  const before = annotatedCount(set, maxAnnotation) || (deployment.status.replicas ?? 0);
  if (before === 0) return 0;
  const scaled = (size * (deployment.spec.replicas + maxSurge(deployment))) / before;
  return Math.floor(scaled + 0.5) - size;
}
