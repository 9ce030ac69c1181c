import type { Draft } from "../../../apimachinery/resource/object.ts";
import { compareText } from "../../../apimachinery/text/go-quote.ts";
import { ageColumn, defaultColumns, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";

// Stored, defaulted and printed as upstream does it (pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem, printers.go
// printResourceQuota). What they promise is for admission to keep.

export type LimitRange = types.LimitRange;
export type ResourceQuota = types.ResourceQuota;

export const LimitRange = defineBuiltIn<LimitRange>("/v1/limitranges", {
  createOnUpdate: true,
  columns: defaultColumns,
  setDefaults: changing(({ spec }) => {
    for (const item of spec?.limits ?? []) if (item.type === "Container") setContainerDefaults(item);
  }),
});

/** The limit is the maximum where nothing is said; the request is the limit, or else the minimum. */
function setContainerDefaults(item: Draft<types.LimitRangeItem>): void {
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

export const ResourceQuota = defineBuiltIn<ResourceQuota>("/v1/resourcequotas", {
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Request", ({ status }) => usageText(status, (name) => !name.startsWith("limits."))),
    textColumn("Limit", ({ status }) => usageText(status, (name) => name.startsWith("limits."))),
    ageColumn,
  ],
});

function usageText({ hard = {}, used = {} }: types.ResourceQuotaStatus, shown: (name: string) => boolean): string {
  return Object.keys(hard)
    .filter(shown)
    .sort(compareText)
    .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`)
    .join(", ");
}
