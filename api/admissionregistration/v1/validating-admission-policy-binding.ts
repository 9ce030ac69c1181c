import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";
import { paramRefColumn, validateParamRef, validatePolicyName } from "./params.ts";
import { validateMatchResources } from "./rules.ts";
import { warnOfStaticSuffix } from "./static-suffix.ts";

export type ValidatingAdmissionPolicyBinding = types.ValidatingAdmissionPolicyBinding;

const actions = ["Audit", "Deny", "Warn"];

export const ValidatingAdmissionPolicyBinding = defineBuiltIn<ValidatingAdmissionPolicyBinding>(
  "admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
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
        ...validateActions(spec.validationActions ?? [], place.child("validationActions")),
      ];
    },
    warnings: warnOfStaticSuffix,
  },
);

function validateActions(asked: readonly string[], place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, action] of asked.entries()) {
    if (!actions.includes(action)) errors.push(notSupported(place.index(i), action, actions));
    if (asked.indexOf(action) < i) errors.push(duplicate(place.index(i), action));
  }
  if (asked.includes("Deny") && asked.includes("Warn")) {
    const detail =
      "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
    errors.push(invalid(place, asked, detail));
  }
  if (asked.length === 0) errors.push(required(place, "at least one validation action is required"));
  return errors;
}
