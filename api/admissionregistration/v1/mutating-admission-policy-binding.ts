import { path } from "../../../apimachinery/field/path.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { paramRefColumn, validateParamRef, validatePolicyName } from "./params.ts";
import { validateMatchResources, validateMutatingOperations } from "./rules.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";

export type MutatingAdmissionPolicyBinding = types.MutatingAdmissionPolicyBinding;

export const MutatingAdmissionPolicyBinding = defineBuiltIn<MutatingAdmissionPolicyBinding>(
  "admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
  {
    generation: true,
    unconditionalUpdate: false,
    columns: [nameColumn, textColumn("PolicyName", ({ spec }) => spec.policyName ?? ""), paramRefColumn, ageColumn],
    validate({ spec }) {
      const place = path("spec");
      return [
        ...validatePolicyName(spec.policyName ?? "", place.child("policyName")),
        ...validateParamRef(spec.paramRef, place.child("paramRef")),
        ...validateMatchResources(spec.matchResources, place.child("matchResources")),
        ...validateMutatingOperations(spec.matchResources, place.child("matchResources")),
      ];
    },
    warnings: warnOfStaticSuffix,
  },
);
