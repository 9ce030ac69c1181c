import type { ApiObject } from "../../../../apimachinery/resource/object.ts";
import type { ResourceQuota } from "../../../generated/types/core-v1.ts";
import type { MutableResourceList, ResourceList } from "../pod/resource-list.ts";
import { add, mask } from "./amounts.ts";
import { type QuotaContext, type QuotaEvaluator, scopeSelectorsOf } from "./evaluator.ts";

/** How one resource counts in a namespace. */
export interface Counted {
  readonly evaluator: QuotaEvaluator;
  readonly objects: () => Iterable<ApiObject>;
}

/**
 * What a namespace uses of what its quota limits. Of names that nobody counts, nothing is said
 * (apiserver/pkg/quota/v1 CalculateUsage).
 */
export function calculateUsage(quota: ResourceQuota, counted: Iterable<Counted>, context: QuotaContext): ResourceList {
  const hard = Object.keys(quota.spec?.hard ?? {});
  const selectors = scopeSelectorsOf(quota);
  let used: ResourceList = {};
  for (const { evaluator, objects } of counted) {
    const names = evaluator.matchingResources(hard, context);
    if (names.length === 0) continue;
    const usage: MutableResourceList = {};
    for (const name of names) usage[name] = "0";
    used = add(used, usage);
    if (selectors.length > 0 && !evaluator.knowsScopes) continue;
    for (const object of objects()) {
      if (!selectors.every((selector) => evaluator.matchesScope(selector, object))) continue;
      used = add(used, mask(evaluator.usage(object, context), names));
    }
  }
  return used;
}
