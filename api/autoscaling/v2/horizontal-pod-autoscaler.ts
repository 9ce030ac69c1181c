import type { FieldError } from "../../../apimachinery/field/error.ts";
import { forbidden, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import type { Draft } from "../../../apimachinery/resource/object.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/autoscaling-v2.ts";
import { addSegmentErrors } from "../../networking/v1/references.ts";
import { metricsText } from "./metrics-text.ts";

// Rules: pkg/apis/autoscaling/v2/defaults.go, pkg/apis/autoscaling/validation; of a metric's source only its presence is
// checked, not its inner fields.

export type HorizontalPodAutoscaler = types.HorizontalPodAutoscaler;

const specPath = path("spec");
const sources = ["containerResource", "external", "object", "pods", "resource"] as const;
const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];
const selectPolicies = ["Disabled", "Max", "Min"];

export const HorizontalPodAutoscaler = defineBuiltIn<HorizontalPodAutoscaler>(
  "autoscaling/v2/horizontalpodautoscalers",
  {
    columns: [
      nameColumn,
      textColumn("Reference", ({ spec }) => `${spec.scaleTargetRef?.kind}/${spec.scaleTargetRef?.name}`),
      textColumn("Targets", ({ spec, status }) => metricsText(spec.metrics ?? [], status.currentMetrics ?? [])),
      textColumn("MinPods", ({ spec }) => (spec.minReplicas === undefined ? "<unset>" : `${spec.minReplicas}`)),
      { name: "MaxPods", type: "string", cell: ({ spec }) => spec.maxReplicas ?? 0 },
      { name: "Replicas", type: "string", cell: ({ status }) => status.currentReplicas ?? 0 },
      ageColumn,
    ],
    setDefaults: changing(setDefaults),
    validate({ spec }, _old, { subresource }) {
      const errors: FieldError[] = [];
      if (subresource !== "status") addSpecErrors(errors, spec);
      return errors;
    },
  },
);

function setDefaults({ spec }: Draft<HorizontalPodAutoscaler>): void {
  if (!spec.metrics?.length) {
    const target = { type: "Utilization", averageUtilization: 80 };
    spec.metrics = [{ type: "Resource", resource: { name: "cpu", target } }];
  }
  if (spec.behavior === undefined) return;
  const percent = { type: "Percent", value: 100, periodSeconds: 15 };
  const pods = { type: "Pods", value: 4, periodSeconds: 15 };
  const up = { stabilizationWindowSeconds: 0, selectPolicy: "Max", policies: [pods, percent] };
  const down = { selectPolicy: "Max", policies: [percent] };
  spec.behavior.scaleUp = { ...up, ...spec.behavior.scaleUp };
  spec.behavior.scaleDown = { ...down, ...spec.behavior.scaleDown };
}

function addSpecErrors(errors: FieldError[], spec: types.HorizontalPodAutoscalerSpec): void {
  const { minReplicas: min, maxReplicas: max = 0 } = spec;
  const maxPath = specPath.child("maxReplicas");
  if (min !== undefined && min < 1) {
    errors.push(invalid(specPath.child("minReplicas"), min, "must be greater than or equal to 1"));
  }
  if (max === 0) errors.push(required(maxPath, "must be set and greater than 0"));
  else if (max < 0) errors.push(invalid(maxPath, max, "must be greater than or equal to 1"));
  if (min !== undefined && max < min) {
    errors.push(invalid(maxPath, max, "must be greater than or equal to `minReplicas`"));
  }
  addSegmentErrors(errors, spec.scaleTargetRef?.kind, specPath.child("scaleTargetRef", "kind"));
  addSegmentErrors(errors, spec.scaleTargetRef?.name, specPath.child("scaleTargetRef", "name"));
  const metricsPath = specPath.child("metrics");
  for (const [i, metric] of (spec.metrics ?? []).entries()) addMetricErrors(errors, metric, metricsPath.index(i));
  if (min === 0 && !spec.metrics?.some(({ type }) => type === "Object" || type === "External")) {
    const detail = "must specify at least one Object or External metric to support scaling to zero replicas";
    errors.push(forbidden(metricsPath, detail));
  }
  addRuleErrors(errors, spec.behavior?.scaleUp, specPath.child("behavior", "scaleUp"));
  addRuleErrors(errors, spec.behavior?.scaleDown, specPath.child("behavior", "scaleDown"));
}

function addMetricErrors(errors: FieldError[], metric: types.MetricSpec, place: Path): void {
  const type = metric.type ?? "";
  if (type === "") errors.push(required(place.child("type"), "must specify a metric source type"));
  if (!metricTypes.includes(type)) errors.push(notSupported(place.child("type"), type, metricTypes));
  const expected = sources.find((source) => source.toLowerCase() === type.toLowerCase());
  const present = sources.filter((source) => metric[source] !== undefined);
  if (expected === undefined) errors.push(notSupported(place.child("type"), type, metricTypes));
  else if (metric[expected] === undefined) {
    errors.push(required(place.child(expected), "must populate information for the given metric source"));
  }
  if (present.length <= 1) return;
  for (const source of present) {
    if (source === expected) continue;
    errors.push(forbidden(place.child(source), "must populate the given metric source only"));
  }
}

function addRuleErrors(errors: FieldError[], rules: types.HPAScalingRules | undefined, place: Path): void {
  if (rules === undefined) return;
  const { stabilizationWindowSeconds: window, selectPolicy, policies = [] } = rules;
  const windowPath = place.child("stabilizationWindowSeconds");
  if (window !== undefined && window < 0) {
    errors.push(invalid(windowPath, window, "must be greater than or equal to zero"));
  }
  if (window !== undefined && window > 3600) {
    errors.push(invalid(windowPath, window, "must be less than or equal to 3600"));
  }
  if (selectPolicy !== undefined && !selectPolicies.includes(selectPolicy)) {
    errors.push(notSupported(place.child("selectPolicy"), selectPolicy, selectPolicies));
  }
  if (policies.length === 0) errors.push(required(place.child("policies"), "must specify at least one Policy"));
}
