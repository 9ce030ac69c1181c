import type { Draft, ObjectMeta } from "../../../apimachinery/resource/object.ts";
import { defaultColumns } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { limitRangeErrors } from "./limit-range-validation.ts";
import { roundList } from "./pod/resource-list.ts";

// Rules: pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem, pkg/registry/core/limitrange/strategy.go. The admission
// plugin LimitRanger keeps what it promises.

export type LimitRange = types.LimitRange;

/** Bounds and defaults of what each pod, container or claim of a namespace asks for. */
export const LimitRange = defineBuiltIn<LimitRange>("/v1/limitranges", {
  createOnUpdate: true,
  columns: defaultColumns,
  setDefaults: changing(({ spec }) => {
    for (const item of spec?.limits ?? []) {
      if (item.type === "Container") setContainerDefaults(item);
      for (const list of [item.max, item.min, item.default, item.defaultRequest, item.maxLimitRequestRatio]) {
        roundList(list);
      }
    }
  }),
  prepareForCreate: changing(({ metadata }) => {
    // A name is made where none is given: the uid has just been.
    const draft = metadata as Draft<ObjectMeta>;
    if (!draft.name && draft.uid !== undefined) draft.name = draft.uid;
  }),
  validate: limitRangeErrors,
});

/** The limit is the maximum where nothing is said; the request is the limit, or else the minimum. */
function setContainerDefaults(item: Draft<types.LimitRangeItem>): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}
