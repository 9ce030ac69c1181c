import { compilePattern } from "../libraries/regexp.ts";
import type { CallExpression, Expression } from "../syntax/ast.ts";
import type { Issue } from "../syntax/source.ts";
import { CelError } from "../values/error.ts";
import { parseDuration, parseTimestamp } from "../values/time.ts";
import type { Checked } from "./checker.ts";

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

/** `duration('x')`, `timestamp('x')` and `s.matches('(')` are mistakes of the expression, not of an evaluation. */
export function validateLiterals({ parsed }: Checked): readonly Issue[] {
  const issues: Issue[] = [];
  walk(parsed.expression, (e) => {
    if (e.kind !== "call" || !Object.hasOwn(checks, e.function)) return;
    const { index, valid } = checks[e.function]!;
    const argument = e.args[index(e)];
    if (argument?.kind !== "literal" || typeof argument.value !== "string" || valid(argument.value)) return;
    const place = parsed.source.locate(parsed.offsets.get(argument.id) ?? 0);
    issues.push({ message: `invalid ${e.function} argument`, ...place });
  });
  return issues;
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
