import type { Draft } from "../../../../apimachinery/resource/object.ts";
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from "../../../generated/types/apiextensions-v1.ts";

export type ConditionType =
  | "Established"
  | "NamesAccepted"
  | "NonStructuralSchema"
  | "KubernetesAPIApprovalPolicyConformant"
  | "Terminating";

export interface Condition {
  readonly type: ConditionType;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
}

export function findCondition(
  { status }: Pick<CustomResourceDefinition, "status">,
  type: ConditionType,
): CustomResourceDefinitionCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export function isConditionTrue(object: Pick<CustomResourceDefinition, "status">, type: ConditionType): boolean {
  return findCondition(object, type)?.status === "True";
}

/** Sets the condition in the draft; the time changes only with the status. */
export function setCondition(draft: Draft<CustomResourceDefinition>, condition: Condition, now: string): void {
  draft.status ??= { acceptedNames: { kind: "", plural: "" } };
  const conditions = draft.status.conditions ?? [];
  draft.status.conditions = conditions;
  const existing = conditions.find(({ type }) => type === condition.type);
  if (existing === undefined) {
    conditions.push({ lastTransitionTime: now, ...condition });
    return;
  }
  if (existing.status !== condition.status || existing.lastTransitionTime === undefined)
    existing.lastTransitionTime = now;
  existing.status = condition.status;
  existing.reason = condition.reason;
  existing.message = condition.message;
}
