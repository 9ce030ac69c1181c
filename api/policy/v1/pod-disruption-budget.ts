import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, notSupported } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { validateConditions } from "../../../apimachinery/validation/conditions.ts";
import { isValidPercent } from "../../../apimachinery/validation/formats.ts";
import { validateNonnegativeField } from "../../../apimachinery/validation/immutable.ts";
import {
  labelSelectorHasInvalidLabelValue,
  validateLabelSelector,
} from "../../../apimachinery/validation/label-fields.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/policy-v1.ts";
import { internalValue } from "../../internal-values.ts";
import { addMessages } from "../../validation.ts";

// Rules: pkg/apis/policy/validation; pkg/registry/policy/poddisruptionbudget/strategy.go.

export type PodDisruptionBudget = types.PodDisruptionBudget;

const specPath = path("spec");
const statusPath = path("status");
const evictionPolicies = ["AlwaysAllow", "IfHealthyBudget"];
const counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"] as const;

/** How many pods of a set may be missing at once by somebody's will. */
export const PodDisruptionBudget = defineBuiltIn<PodDisruptionBudget>("policy/v1/poddisruptionbudgets", {
  generation: true,
  validateName: pathSegmentName,
  unconditionalUpdate: false,
  columns: [
    nameColumn,
    textColumn("Min Available", ({ spec }) => `${spec.minAvailable ?? "N/A"}`),
    textColumn("Max Unavailable", ({ spec }) => `${spec.maxUnavailable ?? "N/A"}`),
    { name: "Allowed Disruptions", type: "integer", cell: ({ status }) => status.disruptionsAllowed ?? 0 },
    ageColumn,
  ],
  validate({ spec, status }, old, { subresource }) {
    const errors: FieldError[] = [];
    if (subresource === "status") addStatusErrors(errors, status);
    else addSpecErrors(errors, spec, old);
    return errors;
  },
});

function addSpecErrors(
  errors: FieldError[],
  spec: types.PodDisruptionBudgetSpec,
  old: PodDisruptionBudget | undefined,
): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy: policy } = spec;
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    errors.push(
      invalid(
        specPath,
        internalValue("PodDisruptionBudgetSpec", spec),
        "minAvailable and maxUnavailable cannot be both set",
      ),
    );
  }
  addAmountErrors(errors, minAvailable, specPath.child("minAvailable"));
  addAmountErrors(errors, maxUnavailable, specPath.child("maxUnavailable"));
  const allowInvalidLabelValue = labelSelectorHasInvalidLabelValue(old?.spec.selector);
  errors.push(...validateLabelSelector(spec.selector, specPath.child("selector"), { allowInvalidLabelValue }));
  if (policy !== undefined && !evictionPolicies.includes(policy)) {
    errors.push(notSupported(specPath.child("unhealthyPodEvictionPolicy"), policy, evictionPolicies));
  }
}

/** A number of pods, or a percentage of at most 100. */
function addAmountErrors(errors: FieldError[], amount: number | string | undefined, place: Path): void {
  if (amount === undefined) return;
  if (typeof amount === "number") {
    errors.push(...validateNonnegativeField(amount, place));
    return;
  }
  const messages = isValidPercent(amount);
  addMessages(errors, messages, place, amount);
  if (messages.length === 0 && Number(amount.slice(0, -1)) > 100) {
    errors.push(invalid(place, amount, "must not be greater than 100%"));
  }
}

function addStatusErrors(errors: FieldError[], status: types.PodDisruptionBudgetStatus): void {
  errors.push(...validateConditions(status.conditions ?? [], statusPath.child("conditions")));
  for (const field of counts) errors.push(...validateNonnegativeField(status[field] ?? 0, statusPath.child(field)));
}
