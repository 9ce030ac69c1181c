import type { Pod } from "../../../api/generated/types/core-v1.ts";
import type { PodDisruptionBudget as Budget } from "../../../api/generated/types/policy-v1.ts";
import { Eviction } from "../../../api/policy/v1/eviction.ts";
import { PodDisruptionBudget } from "../../../api/policy/v1/pod-disruption-budget.ts";
import { ApiError, isConflict } from "../../../apimachinery/errors/api-error.ts";
import type { ApiObject, Draft } from "../../../apimachinery/resource/object.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";
import type { AdmissionAttributes } from "../../admission/plugin.ts";
import { requestObject } from "../../body/request-object.ts";
import { checkDeleteOptions, type DeleteOptions } from "../../registry/delete-options.ts";
import { type WriteOptions, writeOptionsOf } from "../../registry/options.ts";
import type { ResourceStore } from "../../registry/resource-store.ts";
import type { ApiRequest } from "../../request.ts";
import type { ApiResponse } from "../../response.ts";
import type { Subresource } from "../resource.ts";
import { type Scope, writeContextOf } from "../scope.ts";
import { takeDisruption, tooManyRequests } from "./disruption-budget.ts";

/** How often a pod that changes meanwhile is looked at again (EvictionsRetry). */
const attempts = 20;

const sentEviction = { ...Eviction, alsoAs: ["policy/v1beta1"] };

/** POST pods/NAME/eviction: deletes the pod if its disruption budget allows (pkg/registry/core/pod/storage/eviction.go). */
export const evictPod: Subresource = {
  async create(scope, pods, request) {
    const options = writeOptionsOf(request.query, "CreateOptions");
    const { draft } = await requestObject(scope, sentEviction, request, options.fieldValidation);
    const eviction = draft as unknown as { metadata: { name?: string }; deleteOptions?: DeleteOptions };
    if (eviction.metadata.name !== request.info.name) {
      throw ApiError.badRequest("name in URL does not match name in Eviction object");
    }
    const deletion = withDryRun(eviction.deleteOptions ?? {}, options.dryRun);
    checkDeleteOptions(deletion);
    await admit(scope, pods, request, options, draft);
    return evict(scope, pods, request, deletion);
  },
};

/** The eviction and the deletion in it are both dry runs, or neither is. */
function withDryRun(options: DeleteOptions, dryRun: boolean): DeleteOptions {
  return dryRun ? { ...options, dryRun: ["All"] } : options;
}

async function admit(
  scope: Scope,
  pods: ResourceStore,
  request: ApiRequest,
  options: WriteOptions,
  object: Draft<ApiObject>,
): Promise<void> {
  const { namespace, name } = request.info;
  const attributes: AdmissionAttributes = {
    operation: "CREATE",
    definition: pods.definition,
    subresource: "eviction",
    namespace,
    name,
    user: request.user,
    dryRun: options.dryRun,
    object,
    oldObject: undefined,
    options: { kind: "CreateOptions", apiVersion: "meta.k8s.io/v1" },
    signal: request.signal,
    endsAtMs: request.endsAtMs,
    warn: (text) => void request.warnings.add(text),
    auditAnnotate: (key, value) => void request.auditAnnotations.set(key, value),
  };
  await scope.admission.admit(attributes);
  await scope.admission.validate(attributes);
}

async function evict(
  scope: Scope,
  pods: ResourceStore,
  request: ApiRequest,
  deletion: DeleteOptions,
): Promise<ApiResponse> {
  const { namespace, name } = request.info;
  const pinned = deletion.preconditions?.resourceVersion !== undefined;
  for (let attempt = 1; ; attempt++) {
    const pod = pods.get(namespace, name).object as unknown as Pod;
    if (!isPastBudgets(pod)) {
      return guarded(scope, pods, request, deletion, pod);
    }
    try {
      // A pod that may become ready meanwhile would count: only this very state of it goes without a look at budgets.
      const mayBecomeReady = pod.status?.phase === "Pending" && pod.metadata.deletionTimestamp === undefined;
      await remove(scope, pods, request, mayBecomeReady && !pinned ? at(deletion, pod) : deletion);
      return success;
    } catch (error) {
      if (pinned || attempt === attempts || !isConflict(error)) {
        throw error;
      }
    }
  }
}

const success: ApiResponse = {
  type: "value",
  status: 201,
  value: { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 },
};

/** Pods that serve nothing: no budget counts on them. */
function isPastBudgets({ metadata, status }: Pod): boolean {
  const phase = status?.phase;
  return phase === "Succeeded" || phase === "Failed" || phase === "Pending" || metadata.deletionTimestamp !== undefined;
}

function at(options: DeleteOptions, { metadata }: Pod): DeleteOptions {
  return { ...options, preconditions: { ...options.preconditions, resourceVersion: metadata.resourceVersion! } };
}

async function guarded(
  scope: Scope,
  pods: ResourceStore,
  request: ApiRequest,
  deletion: DeleteOptions,
  pod: Pod,
): Promise<ApiResponse> {
  const budget = budgetOf(scope, pod);
  if (budget === undefined) {
    await remove(scope, pods, request, deletion);
    return success;
  }
  if (isSpare(pod, budget)) {
    const pinned = deletion.preconditions?.resourceVersion !== undefined;
    try {
      await remove(scope, pods, request, at(deletion, pod));
      return success;
    } catch (error) {
      throw isConflict(error) && !pinned ? tooManyRequests(budget.metadata.name!) : error;
    }
  }
  const budgets = scope.registry.of(PodDisruptionBudget);
  const dryRun = (deletion.dryRun ?? []).length > 0;
  const change = (old: ApiObject): Draft<ApiObject> =>
    takeDisruption(old as unknown as Budget, pod.metadata.name!, scope.clock.now()) as unknown as Draft<ApiObject>;
  const { name = "", namespace = "" } = budget.metadata;
  await budgets.amend(namespace, name, change, { dryRun, signal: request.signal });
  await remove(scope, pods, request, deletion);
  return success;
}

function budgetOf({ registry }: Scope, pod: Pod): Budget | undefined {
  const labels = pod.metadata.labels ?? {};
  const { cache, prefix } = registry.of(PodDisruptionBudget);
  const [unreadable] = cache.unreadable(`${prefix}${pod.metadata.namespace}/`);
  // It may be the one that protects this pod.
  if (unreadable !== undefined) throw cache.get(unreadable)!.unreadable!.listError;
  const matching = [...registry.list(PodDisruptionBudget, pod.metadata.namespace)].filter((budget) => {
    try {
      return fromLabelSelector(budget.spec?.selector).matches(labels);
    } catch {
      return false; // A selector that cannot be read matches nothing.
    }
  });
  if (matching.length > 1) {
    throw ApiError.fromStatus({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
      code: 500,
    });
  }
  return matching[0];
}

/** A pod that is not ready takes nothing from a budget which has what it needs, or which lets such pods go (KEP-3017). */
function isSpare(pod: Pod, { spec, status }: Budget): boolean {
  const ready = (pod.status?.conditions ?? []).some((one) => one.type === "Ready" && one.status === "True");
  if (ready) {
    return false;
  }
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {};
  return spec?.unhealthyPodEvictionPolicy === "AlwaysAllow" || (currentHealthy >= desiredHealthy && desiredHealthy > 0);
}

/** Notes on the pod why it goes, then deletes it. */
async function remove(scope: Scope, pods: ResourceStore, request: ApiRequest, options: DeleteOptions): Promise<void> {
  const { namespace, name } = request.info;
  const dryRun = (options.dryRun ?? []).length > 0;
  let deletion = options;
  if (!dryRun) {
    const change = (old: ApiObject): Draft<ApiObject> => disrupted(old as unknown as Pod, options, scope.clock.now());
    const { object } = await pods.amend(namespace, name, change, { dryRun, signal: request.signal });
    if (options.preconditions?.resourceVersion !== undefined) {
      deletion = at(options, object as unknown as Pod);
    }
  }
  const context = writeContextOf(scope, request, { dryRun, fieldManager: "" }, "DeleteOptions");
  await pods.delete(namespace, name, deletion, { ...context, subresource: "", admission: undefined });
}

function disrupted(pod: Pod, { preconditions = {} }: DeleteOptions, now: number): Draft<ApiObject> {
  const { uid, resourceVersion } = preconditions;
  const { name = "" } = pod.metadata;
  const conflict = (text: string): ApiError => ApiError.conflict({ group: "", resource: "Pod" }, name, text);
  if (uid !== undefined && uid !== "" && uid !== pod.metadata.uid) {
    throw conflict(
      `the UID in the precondition (${uid}) does not match the UID in record (${pod.metadata.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== "" && resourceVersion !== pod.metadata.resourceVersion) {
    throw conflict(
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${pod.metadata.resourceVersion}). The object might have been modified`,
    );
  }
  const draft = thaw(pod) as Draft<ApiObject> & { status?: { conditions?: object[] } };
  const before = (pod.status?.conditions ?? []).find(({ type }) => type === "DisruptionTarget");
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== "DisruptionTarget");
  const condition = {
    type: "DisruptionTarget",
    status: "True",
    lastTransitionTime: before?.status === "True" ? before.lastTransitionTime : formatTime(now),
    reason: "EvictionByEvictionAPI",
    message: "Eviction API: evicting",
  };
  draft.status = { ...draft.status, conditions: [...others, condition] };
  return draft;
}
