import { ValidatingAdmissionPolicy } from "../../api/admissionregistration/v1/validating-admission-policy.ts";
import { isNotFound } from "../../apimachinery/errors/api-error.ts";
import type { Action } from "../runner/action.ts";
import { typeWarnings } from "./type-check.ts";

/** A policy tells which of its expressions cannot fit what it is about (pkg/controller/validatingadmissionpolicystatus). */
export function plan(policy: ValidatingAdmissionPolicy): readonly Action[] {
  const { name = "", uid, generation = 0 } = policy.metadata;
  if (generation <= (policy.status?.observedGeneration ?? 0)) return [];
  const warnings = typeWarnings(policy);
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
