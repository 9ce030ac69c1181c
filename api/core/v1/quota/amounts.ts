import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";
import { compareQuantities, isZero, type MutableResourceList, type ResourceList } from "../pod/resource-list.ts";

// Lists of amounts as sums (apiserver/pkg/quota/v1/resources.go). Nothing is changed in place.

const zero = "0";

export function add(a: ResourceList, b: ResourceList): ResourceList {
  const result: MutableResourceList = { ...a };
  for (const name in b) {
    const before = result[name];
    result[name] = before === undefined ? b[name]! : String(Quantity.parse(before).add(Quantity.parse(b[name]!)));
  }
  return result;
}

/** What `a` has more than `b`; 0 where it has not. */
export function increase(a: ResourceList, b: ResourceList): ResourceList {
  const result: MutableResourceList = {};
  for (const name in a) {
    const difference = Quantity.parse(a[name]!).subtract(Quantity.parse(b[name] ?? zero));
    result[name] = difference.sign() > 0 ? String(difference) : zero;
  }
  for (const name in b) result[name] ??= zero;
  return result;
}

export function withoutZeros(list: ResourceList): ResourceList {
  return Object.fromEntries(Object.entries(list).filter(([, amount]) => !isZero(amount)));
}

/** Only these names. */
export function mask(list: ResourceList, names: readonly string[]): ResourceList {
  const result: MutableResourceList = {};
  for (const name of names) if (list[name] !== undefined) result[name] = list[name];
  return result;
}

/** By amount: `1` equals `1000m`. */
export function sameAmounts(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantities(a[name]!, b[name]) === 0)
  );
}

/** Names of which `used` says more than `hard`. */
export function exceeded(used: ResourceList, hard: ResourceList): readonly string[] {
  return Object.keys(hard).filter((name) => used[name] !== undefined && compareQuantities(used[name], hard[name]!) > 0);
}

/** `cpu=1,pods=2`. */
export function amountsText(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name]}`)
    .join(",");
}
