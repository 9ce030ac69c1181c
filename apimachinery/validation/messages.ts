/** `must be no more than 63 characters` (validation.MaxLenError). */
export function maxLengthMessage(length: number): string {
  return `must be no more than ${length} characters`;
}

/** The rule in words, examples, and the pattern itself (validation.RegexError). */
export function patternMessage(rule: string, pattern: string, ...examples: readonly string[]): string {
  if (examples.length === 0) return `${rule} (regex used for validation is '${pattern}')`;
  return `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(" or ")}regex used for validation is '${pattern}')`;
}

export const emptyMessage = "must be non-empty";

/** `must be between 1 and 65535, inclusive` (validation.InclusiveRangeError). */
export function rangeMessage(low: number, high: number): string {
  return `must be between ${low} and ${high}, inclusive`;
}

/** What every check here returns: what is wrong, in upstream's words; empty when nothing is. */
export type Messages = readonly string[];

export const noMessages: Messages = Object.freeze([]);
