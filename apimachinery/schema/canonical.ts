import { canonicalQuantity as parseQuantity, Quantity } from "../quantity/quantity.ts";

export { canonicalDuration } from "../time/duration.ts";
export { canonicalMicroTime, canonicalTime } from "../time/time.ts";

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

/** Go's zero time: upstream writes null for it, or nothing (metav1.Time.MarshalJSON). */
export function isZeroTime(text: unknown): boolean {
  return typeof text === "string" && text.startsWith("0001-01-01T00:00:00") && !/[1-9]/.test(text.slice(19));
}
