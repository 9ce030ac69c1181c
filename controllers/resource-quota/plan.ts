import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import { compareQuantities } from "../../api/core/v1/pod/resource-list.ts";
import { mask, sameAmounts } from "../../api/core/v1/quota/amounts.ts";
import type { ResourceQuota } from "../../api/core/v1/resource-quota.ts";
import type { Summary } from "../runner/controller.ts";

/**
 * How long nobody must have changed a quota before its usage is told to be less: what admission has counted just now may
 * not be an object yet.
 */
export const settleMs = 100;
/** Usage is counted anew at least this often: no event tells of a pod whose time to go has passed. */
export const recountMs = 5 * 60_000;

export interface Observed {
  readonly quota: ResourceQuota;
  /** What objects use now, of what somebody counts. */
  readonly usage: ResourceList;
  /** When the quota was last seen to change (ms). */
  readonly changedAtMs: number;
  readonly now: number;
}

/** The status that tells limits and usage (pkg/controller/resourcequota syncResourceQuota). Pure. */
export function summarize({ quota, usage, changedAtMs, now }: Observed): Summary<ResourceQuota["status"]> {
  const hard = quota.spec?.hard ?? {};
  const { hard: told, used: before = {} } = quota.status ?? {};
  const again = { wakeAtMs: now + recountMs };
  const used = mask({ ...before, ...usage }, Object.keys(hard));
  const sameLimits = told !== undefined && quota.status?.used !== undefined && sameAmounts(hard, told);
  if (sameLimits && sameAmounts(used, before)) return again;
  if (sameLimits && becomesLess(used, before) && now < changedAtMs + settleMs) {
    return { wakeAtMs: changedAtMs + settleMs };
  }
  return { status: { hard, used }, ...again };
}

function becomesLess(used: ResourceList, before: ResourceList): boolean {
  return Object.keys(before).some(
    (name) => used[name] === undefined || compareQuantities(used[name], before[name]!) < 0,
  );
}
