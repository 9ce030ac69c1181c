import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import type { ApiObject } from "../../../../apimachinery/resource/object.ts";
import type { ResourceQuota } from "../../../generated/types/core-v1.ts";
import type { ResourceList } from "../pod/resource-list.ts";
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
  const used = new Sums();
  for (const { evaluator, objects } of counted) {
    const names = evaluator.matchingResources(hard, context);
    if (names.length === 0) continue;
    for (const name of names) used.add(name, "0");
    if (selectors.length > 0 && !evaluator.knowsScopes) continue;
    for (const object of objects()) {
      if (!selectors.every((selector) => evaluator.matchesScope(selector, object))) continue;
      const usage = evaluator.usage(object, context);
      for (const name of names) if (usage[name] !== undefined) used.add(name, usage[name]);
    }
  }
  return used.texts();
}

/** Sums of many amounts of which most are alike: each text is read once. */
class Sums {
  readonly #sums = new Map<string, Quantity>();
  readonly #read = new Map<string, Quantity>();

  add(name: string, text: string): void {
    let amount = this.#read.get(text);
    if (amount === undefined) {
      amount = Quantity.parse(text);
      this.#read.set(text, amount);
    }
    const before = this.#sums.get(name);
    this.#sums.set(name, before === undefined ? amount : before.add(amount));
  }

  texts(): ResourceList {
    return Object.fromEntries([...this.#sums].map(([name, sum]) => [name, String(sum)]));
  }
}
