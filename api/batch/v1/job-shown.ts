import type { PodFailurePolicy, SuccessPolicy } from "../../generated/types/batch-v1.ts";

// Policies as messages show them: upstream's internal types with every field (pkg/apis/batch/types.go).

export function shownSuccessPolicy(policy: SuccessPolicy | undefined): object | null {
  if (policy === undefined) return null;
  const rules = policy.rules?.map(({ succeededIndexes = null, succeededCount = null }) => ({
    SucceededIndexes: succeededIndexes,
    SucceededCount: succeededCount,
  }));
  return { Rules: rules ?? null };
}

export function shownFailurePolicy(policy: PodFailurePolicy | undefined): object | null {
  if (policy === undefined) return null;
  const rules = policy.rules?.map(({ action = "", onExitCodes, onPodConditions }) => ({
    Action: action,
    OnExitCodes:
      onExitCodes === undefined
        ? null
        : {
            ContainerName: onExitCodes.containerName ?? null,
            Operator: onExitCodes.operator ?? "",
            Values: onExitCodes.values ?? null,
          },
    OnPodConditions: onPodConditions?.map(({ type = "", status = "" }) => ({ Type: type, Status: status })) ?? null,
  }));
  return { Rules: rules ?? null };
}
