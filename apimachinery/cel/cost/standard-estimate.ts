import type { CallEstimate, CostNode } from "./estimate.ts";
import { addRanges, fixed, multiplyRanges, type Range, scale, unbounded } from "./range.ts";
import { regexFactor, stringFactor } from "./runtime.ts";

/** Their results hold the items of both sides. */
export const concatenations: ReadonlySet<string> = new Set(["add_string", "add_bytes", "add_list"]);

const comparesSizes = new Set([
  "equals",
  "not_equals",
  ...["less", "less_equals", "greater", "greater_equals"].flatMap((verb) => [`${verb}_string`, `${verb}_bytes`]),
]);

/** The language's own functions whose cost depends on sizes. */
export function estimateStandardCall(
  id: string,
  target: CostNode | undefined,
  args: readonly CostNode[],
): CallEstimate | undefined {
  const size = (node: CostNode | undefined): Range => node?.size ?? unbounded;
  const [first, second] = args;
  switch (id) {
    case "string_format":
      return target === undefined ? undefined : { cost: scale(size(target), stringFactor) };
    case "string_to_bytes":
      return {
        cost: scale(size(first), stringFactor),
        size: { min: size(first).min, max: scale(size(first), 4).max },
      };
    case "bytes_to_string":
      return {
        cost: scale(size(first), stringFactor),
        size: { min: Math.floor(size(first).min / 4), max: size(first).max },
      };
    case "strings_quote":
      return {
        cost: scale(size(first), stringFactor),
        size: { min: size(first).min + 2, max: size(first).max * 2 + 2 },
      };
    case "starts_with_string":
    case "ends_with_string":
      return { cost: scale(size(first), stringFactor) };
    case "in_list":
      return { cost: size(second) };
    case "matches_string":
      if (target === undefined) return undefined;
      return {
        cost: multiplyRanges(scale(addRanges(size(target), fixed(1)), stringFactor), scale(size(first), regexFactor)),
      };
    case "contains_string":
      if (target === undefined) return undefined;
      return { cost: multiplyRanges(scale(size(target), stringFactor), scale(size(first), stringFactor)) };
    case "add_string":
    case "add_bytes":
    case "add_list": {
      const sum = addRanges(size(first), size(second));
      return { cost: id === "add_list" ? fixed(1) : scale(sum, stringFactor), size: sum };
    }
  }
  if (!comparesSizes.has(id)) return undefined;
  const max = Math.min(size(first).max, size(second).max);
  return { cost: scale({ min: max > 0 ? 1 : 0, max }, stringFactor) };
}
