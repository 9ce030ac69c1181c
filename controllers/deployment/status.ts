import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import type { DeploymentStatus } from "../../api/generated/types/apps-v1.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import { type Conditions, find, type NewCondition, put, renew, set, without } from "./conditions.ts";
import { maxUnavailable } from "./fenceposts.ts";
import { available, wanted } from "./replica-sets.ts";

// pkg/controller/deployment/sync.go calculateStatus and progress.go.

const never = 0x7fffffff;

export function hasDeadline({ spec }: Deployment): boolean {
  return spec.progressDeadlineSeconds !== undefined && spec.progressDeadlineSeconds !== never;
}

export interface StatusOptions {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** The Deployment's conditions, with what this look changed of them. */
  readonly conditions: Conditions;
  readonly now: number;
}

/** Counts over all ReplicaSets, and whether enough is available. */
export function statusOf({ deployment, current, old, conditions, now }: StatusOptions): DeploymentStatus {
  const all = current === undefined ? old : [...old, current];
  const count = (of: (status: ReplicaSet["status"]) => number | undefined): number =>
    all.reduce((sum, { status }) => sum + (of(status) ?? 0), 0);
  const availableReplicas = available(all);
  const terminatingReplicas = terminating(all);
  const { collisionCount } = deployment.status;
  const counts = {
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: count((status) => status.replicas),
    updatedReplicas: current?.status.replicas ?? 0,
    readyReplicas: count((status) => status.readyReplicas),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted(all) - availableReplicas),
  };
  const enough = availableReplicas >= deployment.spec.replicas - maxUnavailable(deployment);
  return {
    // Upstream's counts are absent where they are zero.
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value !== 0)),
    ...(terminatingReplicas === undefined ? {} : { terminatingReplicas }),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: set(conditions, enough ? isAvailable : isUnavailable, now),
  };
}

const isAvailable: NewCondition = {
  type: "Available",
  status: "True",
  reason: "MinimumReplicasAvailable",
  message: "Deployment has minimum availability.",
};

const isUnavailable: NewCondition = {
  type: "Available",
  status: "False",
  reason: "MinimumReplicasUnavailable",
  message: "Deployment does not have minimum availability.",
};

/** Undefined where one that its controller has seen does not say. */
function terminating(sets: readonly ReplicaSet[]): number | undefined {
  let sum = 0;
  for (const { status } of sets) {
    if (status.terminatingReplicas !== undefined) sum += status.terminatingReplicas;
    else if ((status.observedGeneration ?? 0) !== 0) return undefined;
  }
  return sum;
}

/** All replicas are of the current template, available, and there are no others (DeploymentComplete). */
export function isComplete({ spec, metadata }: Deployment, status: DeploymentStatus): boolean {
  return (
    (status.updatedReplicas ?? 0) === spec.replicas &&
    (status.replicas ?? 0) === spec.replicas &&
    (status.availableReplicas ?? 0) === spec.replicas &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0)
  );
}

/** The status while a rollout is under way or has ended: also how it progresses, and what its ReplicaSets complain of. */
export function rolloutStatus(options: StatusOptions): DeploymentStatus {
  const status = statusOf(options);
  const conditions = withFailure(options, progress(options, status));
  const { conditions: _, ...rest } = status;
  return conditions.length === 0 ? rest : { ...rest, conditions };
}

function progress(
  { deployment, current, conditions: before, now }: StatusOptions,
  status: DeploymentStatus,
): Conditions {
  const { conditions = [] } = status;
  if (!hasDeadline(deployment)) return without(conditions, "Progressing");
  const condition = find(before, "Progressing");
  const ended = status.replicas === status.updatedReplicas && condition?.reason === "NewReplicaSetAvailable";
  if (ended) return conditions;
  const { name } = (current ?? deployment).metadata;
  const subject = `${current === undefined ? "Deployment" : "ReplicaSet"} "${name}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    return set(conditions, { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message }, now);
  }
  if (hasProgressed(deployment.status, status)) {
    const message = `${subject} is progressing.`;
    return renew(conditions, { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message }, now);
  }
  const deadlineMs = progressDeadlineMs(deployment, conditions);
  if (deadlineMs !== undefined && deadlineMs < now) {
    const message = `${subject} has timed out progressing.`;
    return set(conditions, { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message }, now);
  }
  return conditions;
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const oldReplicas = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    oldReplicas(after) < oldReplicas(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

/** When a rollout that makes no progress has failed (ms since 1970); undefined where it cannot, or has. */
export function progressDeadlineMs(deployment: Deployment, conditions: Conditions): number | undefined {
  const condition = find(conditions, "Progressing");
  if (condition?.lastUpdateTime === undefined || !hasDeadline(deployment)) return undefined;
  if (condition.reason === "NewReplicaSetAvailable" || condition.reason === "ProgressDeadlineExceeded")
    return undefined;
  return parseTime(condition.lastUpdateTime) + deployment.spec.progressDeadlineSeconds * 1000;
}

/** The failure of the current ReplicaSet, else of an old one. */
function withFailure({ current, old }: StatusOptions, conditions: Conditions): Conditions {
  for (const { status } of current === undefined ? old : [current, ...old]) {
    const failure = status.conditions?.find(({ type }) => type === "ReplicaFailure");
    if (failure === undefined) continue;
    const { lastTransitionTime } = failure;
    return put(conditions, {
      ...failure,
      ...(lastTransitionTime === undefined ? {} : { lastUpdateTime: lastTransitionTime }),
    });
  }
  return without(conditions, "ReplicaFailure");
}
