import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, forbidden, invalid, required } from "../../../apimachinery/field/errors.ts";
import { type Path, path } from "../../../apimachinery/field/path.ts";
import { Quantity } from "../../../apimachinery/quantity/quantity.ts";
import { isQualifiedName } from "../../../apimachinery/validation/labels.ts";
import type { LimitRange, LimitRangeItem } from "../../generated/types/core-v1.ts";
import { addMessages } from "../../validation.ts";
import { compareQuantities, type ResourceList } from "./pod/resource-list.ts";
import { isOvercommitAllowed } from "./pod/resource-names.ts";
import { containerResourceName, validateResourceName } from "./pod/validation/resources.ts";

// Rules: pkg/apis/core/validation ValidateLimitRange.

const limitTypes = ["Container", "PersistentVolumeClaim", "Pod"];
const lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"] as const;
type ListName = (typeof lists)[number];

/** Amounts above this have no 64-bit count of thousandths. */
export const maxMilliValue = Number((2n ** 63n - 1n) / 1000n);

export function limitRangeErrors({ spec }: LimitRange): readonly FieldError[] {
  const errors: FieldError[] = [];
  const types = new Set<string>();
  for (const [i, item] of (spec?.limits ?? []).entries()) {
    const place = path("spec", "limits").index(i);
    addTypeErrors(errors, item.type, place.child("type"));
    if (types.has(item.type)) errors.push(duplicate(place.child("type"), item.type));
    types.add(item.type);
    addItemErrors(errors, item, place);
  }
  return errors;
}

function addTypeErrors(errors: FieldError[], type: string, place: Path): void {
  const messages = isQualifiedName(type);
  addMessages(errors, messages, place, type);
  if (messages.length === 0 && !type.includes("/") && !limitTypes.includes(type)) {
    errors.push(invalid(place, type, "must be a standard limit type or fully qualified"));
  }
}

function addItemErrors(errors: FieldError[], item: LimitRangeItem, place: Path): void {
  const rule = item.type === "Pod" || item.type === "Container" ? containerResourceName : validateResourceName;
  const names = new Set<string>();
  const add = (list: ListName): void => {
    for (const name in item[list]) {
      rule({ errors }, name, place.child(list).key(name));
      names.add(name);
    }
  };
  add("max");
  add("min");
  const hasDefaults = item.type !== "Pod";
  for (const list of ["default", "defaultRequest"] as const) {
    if (hasDefaults) add(list);
    else if (Object.keys(item[list] ?? {}).length > 0) {
      errors.push(forbidden(place.child(list), "may not be specified when `type` is 'Pod'"));
    }
  }
  if (item.type === "PersistentVolumeClaim" && item.min?.["storage"] === undefined && !item.max?.["storage"]) {
    const detail = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(place.child("limits"), detail));
  }
  add("maxLimitRequestRatio");
  const amounts = hasDefaults ? item : { ...item, default: {}, defaultRequest: {} };
  for (const name of names) addOrderErrors(errors, amounts, name, place);
}

/** What must not be above what, where both are said; `at` is the field that is blamed, `shown` whose amount is shown. */
interface Order {
  readonly low: ListName;
  readonly high: ListName;
  readonly at: ListName;
  readonly shown: ListName;
  readonly words: readonly [string, string];
}

const orders: readonly Order[] = [
  { low: "min", high: "max", at: "min", shown: "min", words: ["min value", "max value"] },
  {
    low: "min",
    high: "defaultRequest",
    at: "defaultRequest",
    shown: "defaultRequest",
    words: ["min value", "default request value"],
  },
  {
    low: "defaultRequest",
    high: "max",
    at: "defaultRequest",
    shown: "defaultRequest",
    words: ["default request value", "max value"],
  },
  {
    low: "defaultRequest",
    high: "default",
    at: "defaultRequest",
    shown: "defaultRequest",
    words: ["default request value", "default limit value"],
  },
  { low: "min", high: "default", at: "default", shown: "min", words: ["min value", "default value"] },
  { low: "default", high: "max", at: "default", shown: "max", words: ["default value", "max value"] },
];

type Amounts = { readonly [L in ListName]?: ResourceList };

function addOrderErrors(errors: FieldError[], item: Amounts, name: string, place: Path): void {
  for (const { low, high, at, shown, words } of orders) {
    const [a, b] = [item[low]?.[name], item[high]?.[name]];
    if (a === undefined || b === undefined || compareQuantities(a, b) <= 0) continue;
    const detail = `${words[0]} ${a} is greater than ${words[1]} ${b}`;
    errors.push(invalid(place.child(at).key(name), item[shown]![name], detail));
  }
  addRatioErrors(errors, item, name, place.child("maxLimitRequestRatio").key(name));
  const [limit, request] = [item.default?.[name], item.defaultRequest?.[name]];
  if (limit === undefined || request === undefined || isOvercommitAllowed(name)) return;
  if (compareQuantities(limit, request) !== 0) {
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(place.child("defaultRequest").key(name), request, detail));
  }
}

function addRatioErrors(errors: FieldError[], item: Amounts, name: string, place: Path): void {
  const [ratio, min, max] = [item.maxLimitRequestRatio?.[name], item.min?.[name], item.max?.[name]];
  if (ratio === undefined) return;
  if (compareQuantities(ratio, "1") < 0) errors.push(invalid(place, ratio, `ratio ${ratio} is less than 1`));
  if (min === undefined || max === undefined) return;
  const [wanted, least, most] = [Quantity.parse(ratio), Quantity.parse(min), Quantity.parse(max)];
  const small = [wanted, least, most].every((amount) => amount.value() < maxMilliValue);
  const value = small ? wanted.milliValue() / 1000 : wanted.value();
  const bound = small ? most.milliValue() / least.milliValue() : most.value() / least.value();
  if (value > bound) errors.push(invalid(place, ratio, `ratio ${ratio} is greater than max/min = ${goFloat(bound)}`));
}

/** As Go's `%f` writes it. */
export function goFloat(value: number): string {
  return Number.isFinite(value) ? value.toFixed(6) : value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
}
