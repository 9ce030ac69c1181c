import { Pod } from "../../api/core/v1/pod.ts";
import type { PodTemplateSpec } from "../../api/generated/types/core-v1.ts";
import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { type Selector, selectorFromSet } from "../../apimachinery/selectors/label-selector.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import type { ResourceIdentity } from "../../client/mod.ts";
import { podsToDelete } from "../pods/deletion-order.ts";
import { createPod, deletePod, podFromTemplate } from "../pods/pod-actions.ts";
import { availableAtMs, isPodActive, isPodReady, isPodTerminating } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import { type Claims, claim } from "../runner/claim.ts";
import type { Summary } from "../runner/controller.ts";

// A number of equal pods: pkg/controller/replicaset, for ReplicaSets and for ReplicationControllers.

/** Pods that one look makes or removes at most. */
const burst = 500;

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaOwner extends ApiObject {
  readonly spec: { readonly replicas: number; readonly minReadySeconds?: number; readonly template?: PodTemplateSpec };
  readonly status: { readonly conditions?: readonly Condition[] };
}

export interface Observed {
  readonly owner: ReplicaOwner;
  readonly ownerResource: ResourceIdentity;
  /** Undefined: one that is none, so that nothing is done. */
  readonly selector: Selector | undefined;
  /** Pods that the owner controls, and orphans of its namespace. */
  readonly pods: readonly Pod[];
  /** Pods of all owners that share this one's owner: neighbours on a node. Asked for when some must go. */
  readonly related: () => readonly Pod[];
  readonly now: number;
  /** Whether the status counts terminating pods. */
  readonly countsTerminating: boolean;
}

/** Makes what lacks, removes what is too much; where pods must be adopted or released that comes first. */
export function plan(observed: Observed): readonly Action[] {
  const { owner, ownerResource, related, now } = observed;
  const { claimed, actions } = claims(observed);
  if (actions.length > 0) return actions;
  const { template, replicas } = owner.spec;
  if (owner.metadata.deletionTimestamp !== undefined || observed.selector === undefined) return [];
  const lacking = replicas - claimed.length;
  if (lacking > 0 && template !== undefined) {
    const action = createPod(podFromTemplate(template, owner, ownerResource));
    return Array.from({ length: Math.min(lacking, burst) }, () => action);
  }
  if (lacking >= 0) return [];
  return podsToDelete(claimed, Math.min(-lacking, burst), { related: related(), now }).map(deletePod);
}

/** Counts of pods as they were observed; they are told once nothing is to be done, or could not be done. */
export function summarize(observed: Observed, failures: readonly ApiError[]): Summary {
  const { owner, selector, now } = observed;
  if (selector === undefined) return {};
  const { claimed, actions } = claims(observed);
  if (actions.length > 0) return {};
  const { minReadySeconds = 0, replicas } = owner.spec;
  // What was just made or removed comes back as a change, and the counts are told then; a look later makes sure of it.
  const underWay = claimed.length !== replicas && owner.metadata.deletionTimestamp === undefined;
  if (underWay && failures.length === 0) return { wakeAtMs: now + 1000 };
  const counts = countPods(observed, claimed);
  const status = {
    ...counts,
    observedGeneration: owner.metadata.generation ?? 0,
    ...conditionsAfter(observed, claimed.length, failures[0]),
  };
  const wakeAtMs = nextAvailability(claimed, minReadySeconds, now);
  return { status, ...(wakeAtMs === undefined ? {} : { wakeAtMs }) };
}

/** Only active pods are adopted or released; those that end belong to whom they belonged. */
function claims({ owner, ownerResource, selector, pods }: Observed): Claims<Pod> {
  if (selector === undefined) return { claimed: [], actions: [] };
  return claim({
    owner,
    ownerResource,
    resource: Pod,
    candidates: pods.filter(isPodActive),
    matches: ({ metadata }) => selector.matches(metadata.labels ?? {}),
  });
}

function countPods({ owner, selector, pods, now, countsTerminating }: Observed, claimed: readonly Pod[]) {
  const { minReadySeconds = 0, template } = owner.spec;
  const templateLabels = selectorFromSet(template?.metadata?.labels);
  let fullyLabeledReplicas = 0;
  let readyReplicas = 0;
  let availableReplicas = 0;
  for (const pod of claimed) {
    if (templateLabels.matches(pod.metadata.labels ?? {})) fullyLabeledReplicas++;
    if (!isPodReady(pod)) continue;
    readyReplicas++;
    const atMs = availableAtMs(pod, minReadySeconds);
    if (atMs !== undefined && atMs <= now) availableReplicas++;
  }
  const ours = (pod: Pod): boolean =>
    pod.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === owner.metadata.uid) === true &&
    selector?.matches(pod.metadata.labels ?? {}) === true;
  return {
    replicas: claimed.length,
    // Upstream's counts are absent where they are zero.
    ...nonZero({ fullyLabeledReplicas, readyReplicas, availableReplicas }),
    ...(countsTerminating
      ? { terminatingReplicas: pods.filter((pod) => isPodTerminating(pod) && ours(pod)).length }
      : {}),
  };
}

/** Without the fields that are zero. */
export function nonZero(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

const failureType = "ReplicaFailure";

function conditionsAfter(
  { owner, now }: Observed,
  present: number,
  failure: ApiError | undefined,
): { readonly conditions?: readonly Condition[] } {
  const { conditions = [] } = owner.status;
  const others = conditions.filter(({ type }) => type !== failureType);
  if (failure === undefined) return others.length === 0 ? {} : { conditions: others };
  if (others.length < conditions.length) return { conditions };
  const creating = present < owner.spec.replicas;
  const condition: Condition = {
    type: failureType,
    status: "True",
    lastTransitionTime: formatTime(now),
    reason: creating ? "FailedCreate" : "FailedDelete",
    message: creating ? failure.message : `unable to delete pods: ${failure.message}`,
  };
  return { conditions: [...others, condition] };
}

/** When the next pod that is ready becomes available. */
function nextAvailability(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  if (minReadySeconds === 0) return undefined;
  let next: number | undefined;
  for (const pod of pods) {
    const atMs = availableAtMs(pod, minReadySeconds);
    if (atMs !== undefined && atMs > now && (next === undefined || atMs < next)) next = atMs;
  }
  return next;
}
