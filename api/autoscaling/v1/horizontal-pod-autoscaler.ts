import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { Column } from "../../../apimachinery/resource/resource.ts";
import { HorizontalPodAutoscaler as V2 } from "../../autoscaling/v2/horizontal-pod-autoscaler.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import type * as types from "../../generated/types/autoscaling-v1.ts";
import { autoscalerFromV2, autoscalerToV2 } from "./horizontal-pod-autoscaler-conversion.ts";

export type HorizontalPodAutoscaler = types.HorizontalPodAutoscaler;

function columnOf(column: Column<V2>): Column<HorizontalPodAutoscaler> {
  return { ...column, cell: (autoscaler, now) => column.cell(autoscalerToV2(autoscaler), now) };
}

/** The older form of autoscaling/v2's, and stored as that. */
export const HorizontalPodAutoscaler = defineBuiltIn<HorizontalPodAutoscaler>(
  "autoscaling/v1/horizontalpodautoscalers",
  {
    storedAs: {
      definition: () => V2,
      toStored: autoscalerToV2,
      fromStored: (object: ApiObject) => autoscalerFromV2(object as V2),
    },
    columns: V2.columns.map(columnOf),
    validate: (autoscaler, old, context) =>
      V2.validate?.(autoscalerToV2(autoscaler), old && autoscalerToV2(old), context) ?? [],
  },
);
