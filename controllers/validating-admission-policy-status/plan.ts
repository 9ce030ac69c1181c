import { ValidatingAdmissionPolicy } from "../../api/admissionregistration/v1/validating-admission-policy.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Action } from "../runner/action.ts";
import { type PolicyTypes, typeWarnings } from "./type-check.ts";

export interface Observed {
  readonly policy: ValidatingAdmissionPolicy;
  /** Undefined where there is nothing to check. */
  readonly types: PolicyTypes | undefined;
}

/** A policy is checked once a generation. */
export function isChecked({ metadata: { generation = 0 }, status }: ValidatingAdmissionPolicy): boolean {
  return generation <= (status?.observedGeneration ?? 0);
}

/** A policy tells which of its expressions cannot fit what it is about (pkg/controller/validatingadmissionpolicystatus). */
export function plan({ policy, types }: Observed): readonly Action[] {
  if (types === undefined || isChecked(policy)) return [];
  const { name = "", uid, generation = 0 } = policy.metadata;
  const warnings = typeWarnings(policy, types);
  const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
  // What was told of an earlier generation goes, too.
  const cleared = warnings.length === 0 && policy.status?.typeChecking?.expressionWarnings !== undefined;
  const body = {
    metadata: { uid },
    status: {
      observedGeneration: generation,
      typeChecking: cleared ? { expressionWarnings: null } : typeChecking,
    },
  };
  return [
    {
      type: "patch",
      resource: ValidatingAdmissionPolicy,
      name,
      subresource: "status",
      patch: { type: "merge", body },
      tolerates: isNotFound,
    },
  ];
}
