import { compareText } from "../../../apimachinery/text/go-quote.ts";
import { ageColumn, nameColumn, textColumn } from "../../columns.ts";
import { defineBuiltIn } from "../../define-built-in.ts";
import { changing } from "../../draft.ts";
import type * as types from "../../generated/types/core-v1.ts";
import { compareQuantities, roundList } from "./pod/resource-list.ts";
import { resourceQuotaErrors } from "./resource-quota-validation.ts";

// Rules: pkg/registry/core/resourcequota/strategy.go, printers.go printResourceQuota. The admission plugin ResourceQuota
// and the controller of the same name keep what it promises.

export type ResourceQuota = types.ResourceQuota;

/** What all objects of a namespace may use together. */
export const ResourceQuota = defineBuiltIn<ResourceQuota>("/v1/resourcequotas", {
  returnDeletedObject: true,
  columns: [
    nameColumn,
    textColumn("Request", ({ status }) => usageText(status, (name) => !name.startsWith("limits."))),
    textColumn("Limit", ({ status }) => usageText(status, (name) => name.startsWith("limits."))),
    ageColumn,
  ],
  setDefaults: changing(({ spec, status }) => {
    roundList(spec?.hard);
    roundList(status?.hard);
    roundList(status?.used);
  }),
  validate: (quota, old, { subresource }) => resourceQuotaErrors(quota, old, subresource),
  warnings: (quota, old) => (old === undefined ? warnings(quota.spec?.hard ?? {}) : []),
});

function usageText({ hard = {}, used = {} }: types.ResourceQuotaStatus = {}, shown: (name: string) => boolean): string {
  return Object.keys(hard)
    .filter(shown)
    .sort(compareText)
    .map((name) => `${name}: ${used[name] ?? "0"}/${hard[name]}`)
    .join(", ");
}

/** More may be requested than the limits allow: nobody can use that. */
function* warnings(hard: Readonly<Record<string, string>>): Generator<string> {
  for (const name of ["cpu", "memory", "storage", "ephemeral-storage"]) {
    const bare = name === "cpu" || name === "memory";
    const request = bare && hard[`requests.${name}`] === undefined ? name : `requests.${name}`;
    const [requested, limit] = [hard[request], hard[`limits.${name}`]];
    if (requested === undefined || limit === undefined || compareQuantities(requested, limit) <= 0) continue;
    yield `ResourceQuota ${request} (${requested}) should be less than limits.${name} (${limit})`;
  }
}
