import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import type { ApiObject } from "../../../../apimachinery/resource/object.ts";
import type { Pod, ResourceQuota, ScopedResourceSelectorRequirement } from "../../../generated/types/core-v1.ts";
import type { DeviceClass, ResourceClaim } from "../../../generated/types/resource-v1.ts";
import type { MutableResourceList, ResourceList } from "../pod/resource-list.ts";

/** What else an evaluator may have to know than the object itself. */
export interface QuotaContext {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly deviceClasses: () => Iterable<DeviceClass>;
  readonly pod: (namespace: string, name: string) => Pod | undefined;
  readonly claims: (namespace: string) => Iterable<ResourceClaim>;
}

/** A write, as far as quotas are concerned. */
export interface QuotaWrite {
  readonly operation: string;
  readonly subresource: string;
  readonly object: ApiObject;
  readonly oldObject: ApiObject | undefined;
}

/**
 * How objects of one resource count against quotas (apiserver/pkg/quota/v1 Evaluator). Everything is pure; the object is
 * one of the evaluator's resource.
 */
export interface QuotaEvaluator {
  readonly group: string;
  readonly plural: string;
  /** Whether usage can change by such a write. */
  handles(write: QuotaWrite): boolean;
  /** Those of the names that it counts. */
  matchingResources(names: readonly string[], context: QuotaContext): readonly string[];
  /** False where scopes never hold for objects of this resource. */
  readonly knowsScopes: boolean;
  matchesScope(selector: ScopedResourceSelectorRequirement, object: ApiObject): boolean;
  /** What an object has to say for these resources to be counted, and does not; undefined where nothing is missing. */
  constraint(required: readonly string[], object: ApiObject): string | undefined;
  usage(object: ApiObject, context: QuotaContext): ResourceList;
}

/** `count/pods`, `count/deployments.apps`. */
export function objectCountName(group: string, plural: string): string {
  return group === "" ? `count/${plural}` : `count/${plural}.${group}`;
}

/** Scopes and selectors of a quota as one list; all have to hold. */
export function scopeSelectorsOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  const scopes = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: "Exists" }) as const);
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether a value fits a selector; an absent one fits `DoesNotExist` and `NotIn`, as with labels. */
export function fitsSelector({ operator, values = [] }: ScopedResourceSelectorRequirement, value?: string): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

const parse = (text: string): Quantity => Quantity.parse(text);

/** Adds up amounts, in the form that quotas show. */
export class Usage {
  readonly amounts: MutableResourceList = {};

  add(name: string, amount: string | number): this {
    const before = this.amounts[name];
    this.amounts[name] = before === undefined ? String(amount) : String(parse(before).add(parse(String(amount))));
    return this;
  }

  addAll(list: ResourceList): this {
    for (const name in list) this.add(name, list[name]!);
    return this;
  }
}
