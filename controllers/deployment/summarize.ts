import type { Deployment } from "../../api/apps/v1/deployment.ts";
import type { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import type { DeploymentStatus } from "../../api/generated/types/apps-v1.ts";
import { type ApiError, isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import type { Summary } from "../runner/controller.ts";
import { type Conditions, find, type NewCondition, set } from "./conditions.ts";
import { newReplicaSet } from "./new-replica-set.ts";
import { createFailure, creates, modeOf, type Observed, plan } from "./plan.ts";
import { currentAnnotations, nextRevision, revisionAnnotation } from "./revision.ts";
import { hasDeadline, isComplete, progressDeadlineMs, rolloutStatus, statusOf } from "./status.ts";

/** The Deployment's status after `plan`, its revision, and when a rollout that stands still has failed. */
export function summarize(observed: Observed, failures: readonly ApiError[]): Summary<DeploymentStatus> {
  const { deployment, claims, sets, now } = observed;
  if (claims.length > 0) return {};
  const creating = sets.current === undefined && creates(plan(observed));
  if (failures.length > 0) return creating ? failedCreate(observed, failures[0]!) : {};
  const made = creating ? (newReplicaSet(deployment, sets.old) as unknown as ReplicaSet) : undefined;
  const current = made === undefined ? sets.current : { ...made, status: { replicas: 0 } };
  const conditions = conditionsBefore(observed, made);
  const options = { deployment, current, old: sets.old, conditions, now };
  const mode = modeOf(observed);
  const status = mode === "roll" ? rolloutStatus(options) : statusOf(options);
  const revision = revisionOfDeployment(observed, made);
  const deadlineMs = mode === "roll" ? progressDeadlineMs(deployment, status.conditions ?? []) : undefined;
  return {
    status,
    ...(revision === undefined ? {} : { annotations: { [revisionAnnotation]: revision } }),
    ...(deadlineMs === undefined || isComplete(deployment, status)
      ? {}
      : { wakeAtMs: Math.max(deadlineMs, now) + 1000 }),
  };
}

function revisionOfDeployment({ deployment, sets }: Observed, made: ReplicaSet | undefined): string | undefined {
  if (made !== undefined) return made.metadata.annotations?.[revisionAnnotation];
  if (sets.current === undefined) return undefined;
  return currentAnnotations(deployment, sets.current, nextRevision(sets.old))[revisionAnnotation];
}

/** What this look says of the progress before any counting: paused, resumed, or a ReplicaSet made or found. */
function conditionsBefore({ deployment, sets, now }: Observed, made: ReplicaSet | undefined): Conditions {
  const { conditions = [] } = deployment.status;
  if (!hasDeadline(deployment)) return conditions;
  const paused = pauseChange(deployment, conditions);
  const changed = paused === undefined ? conditions : set(conditions, paused, now);
  if (made !== undefined) {
    const message = `Created new replica set "${made.metadata.name}"`;
    return set(changed, { type: "Progressing", status: "True", reason: "NewReplicaSetCreated", message }, now);
  }
  if (sets.current === undefined || find(changed, "Progressing") !== undefined) return changed;
  const message = `Found new replica set "${sets.current.metadata.name}"`;
  return set(changed, { type: "Progressing", status: "True", reason: "FoundNewReplicaSet", message }, now);
}

function pauseChange({ spec, metadata }: Deployment, conditions: Conditions): NewCondition | undefined {
  const reason = find(conditions, "Progressing")?.reason;
  if (reason === "ProgressDeadlineExceeded" || metadata.deletionTimestamp !== undefined) return undefined;
  const said = reason === "DeploymentPaused";
  if (spec.paused && !said) {
    return { type: "Progressing", status: "Unknown", reason: "DeploymentPaused", message: "Deployment is paused" };
  }
  if (!spec.paused && said) {
    return { type: "Progressing", status: "Unknown", reason: "DeploymentResumed", message: "Deployment is resumed" };
  }
  return undefined;
}

/** A name that another template's ReplicaSet has is a collision of hashes: the next name is another one. */
function failedCreate({ deployment, sets, occupant, now }: Observed, error: ApiError): Summary<DeploymentStatus> {
  const { status } = deployment;
  if (isAlreadyExists(error)) {
    return occupant === undefined ? {} : { status: { ...status, collisionCount: (status.collisionCount ?? 0) + 1 } };
  }
  if (!hasDeadline(deployment)) return {};
  const { name } = newReplicaSet(deployment, sets.old).metadata;
  const message = createFailure(name, error.message);
  const condition: NewCondition = { type: "Progressing", status: "False", reason: "ReplicaSetCreateError", message };
  return { status: { ...status, conditions: set(status.conditions ?? [], condition, now) } };
}
