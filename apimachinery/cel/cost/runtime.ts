import { CelError } from "../values/error.ts";
import { codePointLength } from "../values/text.ts";
import type { Result } from "../values/value.ts";
import { ListValue, MapValue, OpaqueValue, Optional, type Value } from "../values/value.ts";

/** Units of cost, as cel-go has them. */
export const selectCost = 1;
export const listCost = 10;
export const mapCost = 30;
export const structCost = 40;
export const stringFactor = 0.1;
export const regexFactor = 0.25;

/** Cost of a call that has run, told from its arguments and its result. */
export type CallCost = (args: readonly Result[], result: Result) => number;

/** What `size` would answer; 1 for what has no size. */
export function actualSize(value: Result | undefined): number {
  if (typeof value === "string") return codePointLength(value);
  if (value === undefined || value === null || typeof value !== "object") return 1;
  if (value instanceof ListValue) return value.size();
  if (value instanceof MapValue) return value.objectType === undefined ? value.size() : 1;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof Optional) return value.value === undefined ? 1 : actualSize(value.value);
  return value instanceof OpaqueValue ? value.costSize() : 1;
}

export function traverse(size: number): number {
  return Math.ceil(size * stringFactor);
}

/** A pattern is taken to have one expression for every four characters. */
export function matchCost(textSize: number, patternSize: number): number {
  return Math.ceil((1 + textSize) * stringFactor) * Math.ceil(patternSize * regexFactor);
}

const ofFirst: CallCost = ([first]) => traverse(actualSize(first));
const ofSmaller: CallCost = ([left, right]) => traverse(Math.min(actualSize(left), actualSize(right)));
const ofBoth: CallCost = ([left, right]) => traverse(actualSize(left) + actualSize(right));

/** Costs of the language's own functions by overload; 1 for those that are not here. */
export const standardCosts: ReadonlyMap<string, CallCost> = new Map<string, CallCost>([
  ...[
    "starts_with_string",
    "ends_with_string",
    "string_to_bytes",
    "bytes_to_string",
    "strings_quote",
    "string_format",
  ].map((id) => [id, ofFirst] as const),
  ["in_list", ([, list]) => actualSize(list)],
  ...["less", "less_equals", "greater", "greater_equals"].flatMap((verb) => [
    [`${verb}_string`, ofSmaller] as const,
    [`${verb}_bytes`, ofSmaller] as const,
  ]),
  ["equals", ofSmaller],
  ["not_equals", ofSmaller],
  ["add_string", ofBoth],
  ["add_bytes", ofBoth],
  ["matches_string", ([text, pattern]) => matchCost(actualSize(text), actualSize(pattern))],
  ["contains_string", ([text, part]) => traverse(actualSize(text)) * traverse(actualSize(part))],
]);

/** What a library adds: the cost of a function's call, `undefined` where it has nothing to say. */
export type CostRule = (args: readonly Result[], result: Result, overload: string) => number | undefined;

/** Picks the cost of one call in an expression, once, when it is planned. */
export function costOfCall(name: string, overload: string, rules: ReadonlyMap<string, CostRule>): CallCost | number {
  const standard = standardCosts.get(overload);
  const rule = rules.get(name);
  if (rule === undefined) return standard ?? 1;
  return (args, result) => rule(args, result, overload) ?? standard?.(args, result) ?? 1;
}

export function isValue(result: Result | undefined): result is Value {
  return result !== undefined && !(result instanceof CelError);
}
