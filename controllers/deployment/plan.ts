import type { Deployment } from "../../api/apps/v1/deployment.ts";
import { ReplicaSet } from "../../api/apps/v1/replicaset.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { isAlreadyExists } from "../../apimachinery/errors/api-error.ts";
import { isPodTerminal } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import { newReplicaSet } from "./new-replica-set.ts";
import { isActive, type Split } from "./replica-sets.ts";
import { byRevision, currentAnnotations, nextRevision, sizeAnnotations } from "./revision.ts";
import { isScaled, rollingSizes, type Size, scaledSizes } from "./sizes.ts";
import { isComplete } from "./status.ts";

export interface Observed {
  readonly deployment: Deployment;
  /** Adoptions and releases that are due: before anything else. */
  readonly claims: readonly Action[];
  readonly sets: Split;
  /** The pods of old ReplicaSets, where the Deployment waits for their end. */
  readonly oldPods: readonly Pod[];
  /** Whoever has the name that the next ReplicaSet would have. */
  readonly occupant: ReplicaSet | undefined;
  readonly now: number;
}

/** What kind of look this is: `keep` for one that goes away, `scale` for one that was scaled or is paused, else `roll`. */
export function modeOf({ deployment, sets }: Observed): "keep" | "scale" | "roll" {
  if (deployment.metadata.deletionTimestamp !== undefined) return "keep";
  return deployment.spec.paused || isScaled(deployment, sets) ? "scale" : "roll";
}

/**
 * The next step of a Deployment (DeploymentController.syncDeployment): one that changes the size of a ReplicaSet is decided
 * anew once it shows.
 */
export function plan(observed: Observed): readonly Action[] {
  const { deployment, claims, sets } = observed;
  if (claims.length > 0) return claims;
  const adjusted = adjustCurrent(observed);
  if (adjusted !== undefined) return [adjusted];
  switch (modeOf(observed)) {
    case "keep":
      return [];
    case "scale": {
      const actions = resize(deployment, scaledSizes(deployment, sets));
      return deployment.spec.paused ? [...actions, ...cleanUp(observed)] : actions;
    }
    case "roll":
      return deployment.spec.strategy.type === "Recreate" ? recreate(observed) : roll(observed);
  }
}

/** The current ReplicaSet has the Deployment's annotations, the highest revision and its minReadySeconds. */
function adjustCurrent({ deployment, sets: { current, old } }: Observed): Action | undefined {
  if (current === undefined) return undefined;
  const annotations = currentAnnotations(deployment, current, nextRevision(old));
  const { minReadySeconds = 0 } = deployment.spec;
  if (annotations === current.metadata.annotations && (current.spec.minReadySeconds ?? 0) === minReadySeconds) {
    return undefined;
  }
  const object = {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  };
  return { type: "update", resource: ReplicaSet, object };
}

function roll(observed: Observed): readonly Action[] {
  const { deployment, sets } = observed;
  if (sets.current === undefined) return [create(observed)];
  const actions = resize(deployment, rollingSizes(deployment, sets.current, sets.old));
  return actions.length === 0 && isComplete(deployment, deployment.status) ? cleanUp(observed) : actions;
}

/** All old pods end before the first new one starts. */
function recreate(observed: Observed): readonly Action[] {
  const { deployment, sets, oldPods } = observed;
  const { current, old } = sets;
  const stops = old.filter(isActive).map((set) => ({ set, replicas: 0 }));
  if (stops.length > 0) return resize(deployment, stops);
  if (old.some(({ status }) => status.replicas > 0) || oldPods.some((pod) => !isPodTerminal(pod))) return [];
  if (current === undefined) return [create(observed)];
  const actions = resize(deployment, [{ set: current, replicas: deployment.spec.replicas }]);
  return actions.length === 0 && isComplete(deployment, deployment.status) ? cleanUp(observed) : actions;
}

function create(observed: Observed): Action {
  const object = newReplicaSet(observed.deployment, observed.sets.old);
  const { name } = object.metadata;
  const { replicas } = object.spec;
  return {
    type: "create",
    resource: ReplicaSet,
    object,
    onDone: () =>
      replicas === 0
        ? undefined
        : {
            type: "Normal",
            reason: "ScalingReplicaSet",
            message: `Scaled up replica set ${name} from 0 to ${replicas}`,
          },
    onFailed: (error) =>
      isAlreadyExists(error)
        ? undefined
        : { type: "Warning", reason: "ReplicaSetCreateError", message: createFailure(name ?? "", error.message) },
  };
}

export function createFailure(name: string, reason: string): string {
  return `Failed to create new replica set "${name}": ${reason}`;
}

function resize(deployment: Deployment, sizes: readonly Size[]): readonly Action[] {
  const annotations = sizeAnnotations(deployment);
  return sizes.flatMap(({ set, replicas, annotate = false }): Action[] => {
    const size = set.spec.replicas;
    const annotated = Object.entries(annotations).every(([name, value]) => set.metadata.annotations?.[name] === value);
    if (size === replicas && (annotated || !annotate)) return [];
    const metadata = { ...set.metadata, annotations: { ...set.metadata.annotations, ...annotations } };
    const message = `Scaled ${size < replicas ? "up" : "down"} replica set ${set.metadata.name} from ${size} to ${replicas}`;
    return [
      {
        type: "update",
        resource: ReplicaSet,
        object: { ...set, metadata, spec: { ...set.spec, replicas } },
        onDone: () => (size === replicas ? undefined : { type: "Normal", reason: "ScalingReplicaSet", message }),
      },
    ];
  });
}

const keepAll = 0x7fffffff;

/** Old ReplicaSets beyond revisionHistoryLimit go, the oldest revisions first, unless they have pods (cleanupDeployment). */
function cleanUp({ deployment, sets }: Observed): readonly Action[] {
  const { revisionHistoryLimit = keepAll } = deployment.spec;
  const alive = sets.old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (revisionHistoryLimit === keepAll || alive.length <= revisionHistoryLimit) return [];
  return alive
    .sort(byRevision)
    .slice(0, alive.length - revisionHistoryLimit)
    .filter(
      ({ metadata, spec, status }) =>
        status.replicas === 0 && spec.replicas === 0 && (metadata.generation ?? 0) <= (status.observedGeneration ?? 0),
    )
    .map(({ metadata: { name = "", namespace, uid = "" } }) => ({
      type: "delete",
      resource: ReplicaSet,
      namespace,
      name,
      uid,
    }));
}

/** Whether `plan` makes a ReplicaSet. */
export function creates(actions: readonly Action[]): boolean {
  return actions.some(({ type }) => type === "create");
}
