import { compilePattern } from "../libraries/regexp.ts";
import type { CallExpression, Expression } from "../syntax/ast.ts";
import type { Issue } from "../syntax/source.ts";
import { type CelType, dynType, formatType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { maxTimestamp, minTimestamp } from "../values/numbers.ts";
import { parseDuration, parseTimestamp, second } from "../values/time.ts";
import type { Checked } from "./checker.ts";
import { formatFlaw } from "./format-calls.ts";

/** Whether a constant argument of these functions means anything, told before any evaluation. */
const checks: Readonly<
  Record<string, { readonly index: (call: CallExpression) => number; readonly valid: (text: string) => boolean }>
> = {
  duration: {
    index: () => 0,
    valid: (text) => {
      const value = parseDuration(text);
      return value !== undefined && !(value instanceof CelError);
    },
  },
  timestamp: { index: () => 0, valid: (text) => parseTimestamp(text) !== undefined },
  matches: {
    index: ({ target }) => (target === undefined ? 1 : 0),
    valid: (text) => !(compilePattern(text) instanceof CelError),
  },
};

function isInstant(seconds: bigint): boolean {
  return seconds * second >= minTimestamp && seconds * second <= maxTimestamp;
}

/** `duration('x')`, `timestamp('x')` and `s.matches('(')` are mistakes of the expression, not of an evaluation. */
export function validateLiterals(checked: Checked): readonly Issue[] {
  const { parsed } = checked;
  const issues: Issue[] = [];
  walk(parsed.expression, (e) => {
    if (e.kind !== "call" || !Object.hasOwn(checks, e.function)) return;
    const { index, valid } = checks[e.function]!;
    const argument = e.args[index(e)];
    if (argument?.kind !== "literal") return;
    const { value } = argument;
    if (
      typeof value === "string"
        ? valid(value)
        : e.function !== "timestamp" || typeof value !== "bigint" || isInstant(value)
    )
      return;
    const place = parsed.source.locate(parsed.offsets.get(argument.id) ?? 0);
    issues.push({ message: `invalid ${e.function} argument`, ...place });
  });
  const report: Report = (id, message) => {
    issues.push({ message, ...parsed.source.locate(parsed.offsets.get(id) ?? 0) });
  };
  walk(parsed.expression, (e) => {
    const flaw = e.kind === "call" ? formatFlaw(e, checked) : undefined;
    if (flaw !== undefined) report(flaw.id, flaw.message);
  });
  validateAggregates(parsed.expression, checked, report);
  return issues;
}

type Report = (id: number, message: string) => void;

/** Items of a list, keys of a map and its values are of exactly one type, except among the arguments of `format`. */
function validateAggregates(e: Expression, checked: Checked, report: Report): void {
  if (e.kind === "call" && e.function === "format") return;
  if (e.kind === "list") {
    expectOneType(
      e.items.map((item, index) => ({ item, optional: e.optional.has(index) })),
      checked,
      report,
    );
  } else if (e.kind === "map") {
    expectOneType(
      e.entries.map(({ key }) => ({ item: key, optional: false })),
      checked,
      report,
    );
    expectOneType(
      e.entries.map(({ value, optional }) => ({ item: value, optional })),
      checked,
      report,
    );
  }
  for (const child of childrenOf(e)) validateAggregates(child, checked, report);
}

function expectOneType(
  items: readonly { item: Expression; optional: boolean }[],
  { types }: Checked,
  report: Report,
): void {
  let first: CelType | undefined;
  for (const { item, optional } of items) {
    const declared = types.get(item.id) ?? dynType;
    const type = optional ? (declared.parameters[0] ?? dynType) : declared;
    first ??= type;
    if (first.equals(type)) continue;
    report(item.id, `expected type '${formatType(first)}' but found '${formatType(type)}'`);
    return;
  }
}

/** Visits an expression and all that is in it. */
export function walk(e: Expression, visit: (e: Expression) => void): void {
  visit(e);
  for (const child of childrenOf(e)) walk(child, visit);
}

export function childrenOf(e: Expression): readonly Expression[] {
  switch (e.kind) {
    case "literal":
    case "identifier":
      return [];
    case "select":
      return [e.operand];
    case "call":
      return e.target === undefined ? e.args : [e.target, ...e.args];
    case "list":
      return e.items;
    case "map":
      return e.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return e.fields.map(({ value }) => value);
    case "comprehension":
      return [e.range, e.initial, e.condition, e.step, e.result];
  }
}
