import type { Draft } from "../../../apimachinery/resource/object.ts";
import { sentEmptyOf } from "../../../apimachinery/schema/sent-empty.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/autoscaling-v2.ts";
import { metricsText } from "./metrics-text.ts";
import { validateAutoscalerSpec, validateAutoscalerStatus } from "./validation.ts";

// Rules: pkg/apis/autoscaling/v2/defaults.go, pkg/registry/autoscaling/horizontalpodautoscaler.

export type HorizontalPodAutoscaler = types.HorizontalPodAutoscaler;

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
    validate: ({ spec, status }, old, { subresource }) =>
      subresource === "status" ? validateAutoscalerStatus(status) : validateAutoscalerSpec(spec, old?.spec),
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
  const { scaleUp, scaleDown } = spec.behavior;
  spec.behavior.scaleUp = { ...up, ...scaleUp, ...sentPolicies(scaleUp) };
  spec.behavior.scaleDown = { ...down, ...scaleDown, ...sentPolicies(scaleDown) };
}

/** No policies at all are not the default ones, where this was said. */
function sentPolicies(rules: object | undefined): { policies?: [] } {
  return sentEmptyOf(rules, "policies") !== undefined ? { policies: [] } : {};
}
