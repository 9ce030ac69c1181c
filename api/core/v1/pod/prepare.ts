import type { Draft } from "../../../../apimachinery/resource/object.ts";
import type { RequestContext } from "../../../../apimachinery/resource/resource.ts";
import type { Container, Pod, PodStatus } from "../../../generated/types/core-v1.ts";
import type { LabelSelector } from "../../../generated/types/meta-v1.ts";
import { applyAppArmorAnnotations } from "./app-armor.ts";
import { dropDisabledFields } from "./disabled-fields.ts";
import { podQOSClass } from "./qos.ts";

/** What a new pod is given by the server (podStrategy.PrepareForCreate). */
export function preparePodForCreate(pod: Draft<Pod>): void {
  pod.status = { phase: "Pending", qosClass: podQOSClass(pod.spec ?? {}) };
  dropDisabledFields(pod.spec, undefined);
  if (pod.spec?.schedulingGates?.length) {
    // The scheduler never sees the pod; so the server says why nothing happens. The time stays unset, as upstream's does.
    const message = "Scheduling is blocked due to non-empty scheduling gates";
    pod.status.conditions = [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", message }];
  }
  takeOverLabels(pod);
  applyAppArmorAnnotations(pod);
}

/** Selectors that name only keys get the values of the pod's own labels (KEP-3633, KEP-3243). */
function takeOverLabels(pod: Draft<Pod>): void {
  const labels = pod.metadata?.labels ?? {};
  const { affinity, topologySpreadConstraints } = pod.spec ?? {};
  for (const one of [affinity?.podAffinity, affinity?.podAntiAffinity]) {
    const preferred = one?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    for (const term of preferred) takeOver(term.podAffinityTerm, labels);
    for (const term of one?.requiredDuringSchedulingIgnoredDuringExecution ?? []) takeOver(term, labels);
  }
  for (const constraint of topologySpreadConstraints ?? []) takeOver(constraint, labels);
}

interface Term {
  labelSelector?: Draft<LabelSelector>;
  matchLabelKeys?: string[];
  mismatchLabelKeys?: string[];
}

function takeOver(term: Term | undefined, labels: Readonly<Record<string, string>>): void {
  if (term?.labelSelector === undefined) return;
  const add = (keys: readonly string[] | undefined, operator: "In" | "NotIn") => {
    for (const key of keys ?? []) {
      const value = labels[key];
      if (value === undefined) continue;
      term.labelSelector!.matchExpressions = [
        ...(term.labelSelector!.matchExpressions ?? []),
        { key, operator, values: [value] },
      ];
    }
  };
  add(term.matchLabelKeys, "In");
  add(term.mismatchLabelKeys, "NotIn");
}

/** Each way of writing a pod keeps what is not its own (podStrategy and its status, ephemeral and resize kin). */
export function preparePodForUpdate(pod: Draft<Pod>, old: Pod, context: RequestContext): void {
  switch (context.subresource) {
    case "status":
      prepareStatus(pod, old as Draft<Pod>);
      break;
    case "ephemeralcontainers":
      prepareEphemeralContainers(pod, old as Draft<Pod>);
      break;
    case "resize":
      prepareResize(pod, old as Draft<Pod>);
      break;
    default:
      dropDisabledFields(pod.spec, old.spec);
  }
}

function prepareStatus(pod: Draft<Pod>, old: Draft<Pod>): void {
  pod.status ??= {};
  const { status } = pod;
  const oldStatus: Draft<PodStatus> = old.status ?? {};
  if (!status.qosClass && oldStatus.qosClass) status.qosClass = oldStatus.qosClass;
  keepObservedGenerations(status, oldStatus);
  dropDisabledStatus(status);
}

/** What v1.36's feature gates leave off unless they are told otherwise (pkg/api/pod dropDisabledPodStatusFields). */
function dropDisabledStatus(status: Draft<PodStatus>): void {
  delete status.nodeAllocatableResourceClaimStatuses;
  for (const list of ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"] as const) {
    for (const { volumeMounts } of status[list] ?? [])
      for (const mount of volumeMounts ?? []) delete mount.volumeStatus;
  }
}

/** An old kubelet knows nothing of observedGeneration: what another wrote stays (preserveOldObservedGeneration). */
function keepObservedGenerations(status: Draft<PodStatus>, old: Draft<PodStatus>): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  const known = [...(old.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const at = known.findIndex(({ type }) => type === condition.type);
    if (at < 0) continue;
    const [before] = known.splice(at, 1);
    if (!condition.observedGeneration && before?.observedGeneration) {
      condition.observedGeneration = before.observedGeneration;
    }
  }
}

function prepareEphemeralContainers(pod: Draft<Pod>, old: Draft<Pod>): void {
  const added = pod.spec?.ephemeralContainers;
  pod.spec = { ...old.spec };
  delete pod.spec.ephemeralContainers;
  if (added !== undefined) pod.spec.ephemeralContainers = added;
  keepRest(pod, old);
  dropDisabledFields(pod.spec, old.spec);
}

function prepareResize(pod: Draft<Pod>, old: Draft<Pod>): void {
  const { containers = [], initContainers = [], resources } = pod.spec ?? {};
  const { containers: oldContainers = [], initContainers: oldInitContainers = [] } = old.spec ?? {};
  // A wrong number is left for validation to tell.
  if (containers.length !== oldContainers.length || initContainers.length !== oldInitContainers.length) return;
  pod.spec = { ...old.spec, containers: resized(containers, oldContainers) };
  if (old.spec.initContainers !== undefined) pod.spec.initContainers = resized(initContainers, oldInitContainers);
  if (resources === undefined) delete pod.spec.resources;
  else pod.spec.resources = resources;
  keepRest(pod, old);
  dropDisabledFields(pod.spec, old.spec);
}

/** The old containers with new resources and resize policies; as given where names differ, for validation to tell. */
function resized(containers: Draft<Container>[], old: Draft<Container>[]): Draft<Container>[] {
  if (containers.some(({ name }, i) => name !== old[i]!.name)) return containers;
  return old.map((before, i) => {
    const { resources, resizePolicy } = containers[i]!;
    const result = { ...before, resources };
    delete result.resizePolicy;
    if (resizePolicy !== undefined) result.resizePolicy = resizePolicy;
    return result;
  });
}

/** Status and the metadata that no subresource changes (metav1.ResetObjectMetaForStatus). */
function keepRest(pod: Draft<Pod>, old: Draft<Pod>): void {
  pod.status = old.status;
  const { labels, annotations, finalizers, ownerReferences, deletionTimestamp, deletionGracePeriodSeconds } =
    old.metadata;
  const kept = { labels, annotations, finalizers, ownerReferences, deletionTimestamp, deletionGracePeriodSeconds };
  for (const [field, value] of Object.entries(kept)) {
    const metadata = pod.metadata as Record<string, unknown>;
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
}
