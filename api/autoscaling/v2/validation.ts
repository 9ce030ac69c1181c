import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { validateNonnegativeField } from "../../../apimachinery/validation/immutable.ts";
import { isNegative } from "../../core/v1/pod/resource-list.ts";
import type * as types from "../../generated/types/autoscaling-v2.ts";
import { addMetricErrors } from "./metric-validation.ts";
import { addReferenceErrors, autoscalerOptions } from "./reference.ts";

// Rules: pkg/apis/autoscaling/validation.

const specPath = path("spec");
const statusPath = path("status");
const selectPolicies = ["Disabled", "Max", "Min"];
const policyTypes = ["Percent", "Pods"];
const maxWindowSeconds = 3600;
const maxPeriodSeconds = 1800;

type Spec = types.HorizontalPodAutoscalerSpec;

export function validateAutoscalerSpec(spec: Spec, old: Spec | undefined): readonly FieldError[] {
  const errors: FieldError[] = [];
  const options = autoscalerOptions(spec, old);
  addBoundsErrors(errors, spec);
  addReferenceErrors(errors, spec.scaleTargetRef ?? {}, specPath.child("scaleTargetRef"), options.target);
  const metricsPath = specPath.child("metrics");
  for (const [i, metric] of (spec.metrics ?? []).entries()) {
    addMetricErrors(errors, metric, metricsPath.index(i), options.described);
  }
  if (spec.minReplicas === 0 && !spec.metrics?.some(({ type }) => type === "Object" || type === "External")) {
    const detail = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbidden(metricsPath, detail));
  }
  addRuleErrors(errors, spec.behavior?.scaleUp, specPath.child("behavior", "scaleUp"));
  addRuleErrors(errors, spec.behavior?.scaleDown, specPath.child("behavior", "scaleDown"));
  return errors;
}

/** None at all waits for its feature gate (HPAScaleToZero), and no stored object has it. */
function addBoundsErrors(errors: FieldError[], { minReplicas: min, maxReplicas: max = 0 }: Spec): void {
  const maxPath = specPath.child("maxReplicas");
  if (min !== undefined && min < 1) {
    errors.push(invalid(specPath.child("minReplicas"), min, "must be greater than or equal to 1"));
  }
  if (max === 0) errors.push(required(maxPath, "must be set and greater than 0"));
  else if (max < 0) errors.push(invalid(maxPath, max, "must be greater than or equal to 1"));
  if (min !== undefined && max < min) {
    errors.push(invalid(maxPath, max, "must be greater than or equal to `minReplicas`"));
  }
}

function addRuleErrors(errors: FieldError[], rules: types.HPAScalingRules | undefined, place: Path): void {
  if (rules === undefined) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [], tolerance } = rules;
  const windowPath = place.child("stabilizationWindowSeconds");
  if (window !== undefined && window < 0) {
    errors.push(invalid(windowPath, window, "must be greater than or equal to zero"));
  }
  if (window !== undefined && window > maxWindowSeconds) {
    errors.push(invalid(windowPath, window, `must be less than or equal to ${maxWindowSeconds}`));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    errors.push(notSupported(place.child("selectPolicy"), selectPolicy, selectPolicies));
  }
  const policiesPath = place.child("policies");
  if (policies.length === 0) errors.push(required(policiesPath, "must specify at least one Policy"));
  for (const [i, policy] of policies.entries()) addPolicyErrors(errors, policy, policiesPath.index(i));
  if (tolerance !== undefined && isNegative(tolerance)) {
    errors.push(invalid(place.child("tolerance"), tolerance, "must be greater than or equal to 0"));
  }
}

function addPolicyErrors(errors: FieldError[], policy: types.HPAScalingPolicy, place: Path): void {
  const { type = "", value = 0, periodSeconds = 0 } = policy;
  const periodPath = place.child("periodSeconds");
  if (!policyTypes.includes(type)) errors.push(notSupported(place.child("type"), type, policyTypes));
  if (value <= 0) errors.push(invalid(place.child("value"), value, "must be greater than zero"));
  if (periodSeconds <= 0) errors.push(invalid(periodPath, periodSeconds, "must be greater than zero"));
  if (periodSeconds > maxPeriodSeconds) {
    errors.push(invalid(periodPath, periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`));
  }
}

export function validateAutoscalerStatus(status: types.HorizontalPodAutoscalerStatus): readonly FieldError[] {
  return (["currentReplicas", "desiredReplicas"] as const).flatMap((field) =>
    validateNonnegativeField(status[field] ?? 0, statusPath.child(field)),
  );
}
