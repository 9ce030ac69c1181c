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

/** Counting takes as long as there is to count: between two counts this many ms pass for each object, if nothing is new. */
export const restMsPerObject = 0.05;

export interface Observed {
  readonly quota: ResourceQuota;
  /** What objects use now, of what somebody counts; undefined where it has just been counted, and may be again at `againAtMs`. */
  readonly usage: ResourceList | undefined;
  readonly againAtMs: number;
  /** When the quota was last seen to change (ms). */
  readonly changedAtMs: number;
  readonly now: number;
}

/** The status that tells limits and usage (pkg/controller/resourcequota syncResourceQuota). Pure. */
export function summarize({ quota, usage, againAtMs, changedAtMs, now }: Observed): Summary<ResourceQuota["status"]> {
  if (usage === undefined) return { wakeAtMs: againAtMs };
  const hard = quota.spec?.hard ?? {};
  const { used: before = {} } = quota.status ?? {};
  const again = { wakeAtMs: now + recountMs };
  const used = mask({ ...before, ...usage }, Object.keys(hard));
  const sameLimits = tellsLimits(quota);
  if (sameLimits && sameAmounts(used, before)) return again;
  if (sameLimits && becomesLess(used, before) && now < changedAtMs + settleMs) {
    return { wakeAtMs: changedAtMs + settleMs };
  }
  return { status: { hard, used }, ...again };
}

/** Whether the limits that are told are those that are wanted: admission keeps what is told. */
export function tellsLimits({ spec = {}, status = {} }: ResourceQuota): boolean {
  return status.hard !== undefined && status.used !== undefined && sameAmounts(spec.hard ?? {}, status.hard);
}

function becomesLess(used: ResourceList, before: ResourceList): boolean {
  return Object.keys(before).some(
    (name) => used[name] === undefined || compareQuantities(used[name], before[name]!) < 0,
  );
}
