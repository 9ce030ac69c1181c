import { Quantity } from "../../../../apimachinery/quantity/quantity.ts";

/** Amounts by resource name, as canonical texts of quantities: `{ cpu: "500m", memory: "1Gi" }`. */
export type ResourceList = Readonly<Record<string, string>>;
export type MutableResourceList = Record<string, string>;

// Canonical texts answer the common questions without being parsed.
const zero = /^[+-]?[0.]*0[0.]*(?:[eE][-+]?[0-9]+|[a-zA-Z]*)$/;
const plainInteger = /^-?[0-9]+(?:[kMGTPE]i?)?$/;

export function isZero(quantity: string): boolean {
  const first = quantity.charCodeAt(0);
  return first > 0x30 && first <= 0x39 ? false : zero.test(quantity);
}

export function isNegative(quantity: string): boolean {
  return quantity.startsWith("-") && !isZero(quantity);
}

export function isPositive(quantity: string): boolean {
  return !quantity.startsWith("-") && !isZero(quantity);
}

/** True for an amount without a fraction of a thousandth or more; upstream rounds finer ones up before it looks. */
export function isWhole(quantity: string): boolean {
  return plainInteger.test(quantity) || Quantity.parse(quantity).roundUp(-3).isInteger();
}

/** Negative, 0 or positive, by amount: `1` equals `1000m`. For sort(). */
export function compareQuantities(a: string, b: string): number {
  return a === b ? 0 : Quantity.parse(a).compare(Quantity.parse(b));
}

/** Whether an amount is made of whole units of this size, which must be a positive integer itself. */
export function isMultipleOf(quantity: string, unit: string): boolean {
  let size: Quantity;
  try {
    size = Quantity.parse(unit);
  } catch {
    // The unit comes from a resource's name, which may say anything.
    return false;
  }
  if (size.sign() <= 0 || !size.roundUp(-3).isInteger()) return false;
  return Quantity.parse(quantity).scaledBigInt() % size.scaledBigInt() === 0n;
}

/** Adds each amount to that of the same name. */
export function addToList(total: MutableResourceList, list: ResourceList | undefined): void {
  for (const name in list) {
    const before = total[name];
    const added = list[name]!;
    total[name] = before === undefined ? added : String(Quantity.parse(before).add(Quantity.parse(added)));
  }
}

/** Keeps the larger amount of each name. */
export function maxIntoList(total: MutableResourceList, list: ResourceList | undefined): void {
  for (const name in list) {
    const before = total[name];
    if (before === undefined || compareQuantities(list[name]!, before) > 0) total[name] = list[name]!;
  }
}

const mayBeFine = /[nu.eE]/;

/** Rounds up what is finer than a thousandth (SetDefaults_ResourceList). */
export function roundList(list: MutableResourceList | undefined): void {
  for (const name in list) {
    const quantity = list[name]!;
    if (mayBeFine.test(quantity)) list[name] = String(Quantity.parse(quantity).roundUp(-3));
  }
}

interface Requirements {
  limits?: MutableResourceList;
  requests?: MutableResourceList;
}

/** Rounds what is asked for and allowed. */
export function roundRequirements(resources: Requirements | undefined): void {
  if (resources === undefined) return;
  roundList(resources.limits);
  roundList(resources.requests);
}
