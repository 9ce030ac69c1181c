import type { PodDisruptionBudget } from "../../../api/generated/types/policy-v1.ts";
import { ApiError } from "../../../apimachinery/errors/api-error.ts";
import { thaw } from "../../../apimachinery/resource/thaw.ts";
import { formatTime } from "../../../apimachinery/time/time.ts";

type Condition = NonNullable<NonNullable<PodDisruptionBudget["status"]>["conditions"]>[number];

/** More evictions than this may not wait for the disruption controller to take note of them. */
const maxDisruptedPods = 2_000;
const retryAfterSeconds = 10;

/**
 * The budget with one disruption less, and the pod noted in it. Throws TooManyRequests where none is left
 * (pkg/registry/core/pod/storage/eviction.go checkAndDecrement).
 */
export function takeDisruption(budget: PodDisruptionBudget, podName: string, now: number): PodDisruptionBudget {
  const { name = "", generation = 0 } = budget.metadata;
  const { observedGeneration = 0, disruptionsAllowed = 0, disruptedPods = {} } = budget.status ?? {};
  if (observedGeneration < generation) {
    throw tooManyRequests(name);
  }
  const refuse = (text: string): ApiError =>
    ApiError.forbidden({ group: "policy", resource: "poddisruptionbudget" }, name, text);
  if (disruptionsAllowed < 0) {
    throw refuse("pdb disruptions allowed is negative");
  }
  if (Object.keys(disruptedPods).length > maxDisruptedPods) {
    throw refuse("DisruptedPods map too big - too many evictions not confirmed by PDB controller");
  }
  if (disruptionsAllowed === 0) {
    throw refusal(whyNone(budget), 0);
  }
  const left = disruptionsAllowed - 1;
  const draft = thaw(budget);
  draft.status = {
    ...draft.status!,
    disruptionsAllowed: left,
    disruptedPods: { ...disruptedPods, [podName]: formatTime(now) },
    ...(left === 0 ? { conditions: exhausted(budget, now) } : {}),
  };
  return draft;
}

/** The budget has not been counted since it changed: look again later. */
export function tooManyRequests(budget: string): ApiError {
  return refusal(`The disruption budget ${budget} is still being processed by the server.`, retryAfterSeconds);
}

function refusal(message: string, retryAfter: number): ApiError {
  return ApiError.fromStatus({
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
    reason: "TooManyRequests",
    details: {
      causes: [{ reason: "DisruptionBudget", message }],
      ...(retryAfter === 0 ? {} : { retryAfterSeconds: retryAfter }),
    },
    code: 429,
  });
}

function whyNone({ metadata, status }: PodDisruptionBudget): string {
  const { currentHealthy = 0, desiredHealthy = 0, conditions = [] } = status ?? {};
  const condition = conditions.find(({ type }) => type === "DisruptionAllowed");
  const said = condition?.status === "False" && condition.message !== "" ? condition : undefined;
  if (said?.reason === "SyncFailed") {
    return `The disruption budget ${metadata.name} does not allow evicting pods currently because it failed sync: ${said.message}`;
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${metadata.name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return said === undefined
    ? `The disruption budget ${metadata.name} does not allow evicting pods currently`
    : `The disruption budget ${metadata.name} does not allow evicting pods currently (${said.reason}): ${said.message}`;
}

function exhausted({ status }: PodDisruptionBudget, now: number): Condition[] {
  const { conditions = [], observedGeneration = 0 } = status ?? {};
  const before = conditions.find(({ type }) => type === "DisruptionAllowed");
  const others = conditions.filter(({ type }) => type !== "DisruptionAllowed");
  const lastTransitionTime = before?.status === "False" ? before.lastTransitionTime : formatTime(now);
  const condition = {
    type: "DisruptionAllowed",
    status: "False",
    reason: "InsufficientPods",
    message: "",
    observedGeneration,
    lastTransitionTime,
  };
  return [...others, condition];
}
