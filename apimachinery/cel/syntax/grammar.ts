import { operators } from "./ast.ts";
import type { Token } from "./lexer.ts";

const start =
  "'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER";
export const keywords = new Set(["in", "true", "false", "null"]);
export const reserved = new Set(
  "as break const continue else false for function if import in let loop package namespace null return true var void while".split(
    " ",
  ),
);
export const relations: Readonly<Record<string, string>> = {
  "<": operators.less,
  "<=": operators.lessEquals,
  ">": operators.greater,
  ">=": operators.greaterEquals,
  "==": operators.equals,
  "!=": operators.notEquals,
  in: operators.in,
};
export const sums: Readonly<Record<string, string>> = { "+": operators.add, "-": operators.subtract };
export const products: Readonly<Record<string, string>> = {
  "*": operators.multiply,
  "/": operators.divide,
  "%": operators.modulo,
};

export function startsExpression({ kind, text }: Token): boolean {
  if (kind === "symbol") return ["[", "{", "(", ".", "-", "!"].includes(text);
  return kind !== "end" && kind !== "escaped" && !(kind === "identifier" && text === "in");
}

export function isName({ kind, text }: Token): boolean {
  return kind === "escaped" || (kind === "identifier" && !keywords.has(text));
}

/** What could stand where an expression is wanted; at the start of a list or map that is more than an expression. */
export function expectedAfter(before: Token | undefined): string {
  const opened = before?.kind === "symbol" && (before.text === "{" || before.text === "[") ? before.text : undefined;
  if (opened === undefined) return start;
  const brackets = opened === "{" ? start.replace("'{', ", "'{', '}', ") : start.replace("'[', ", "'[', ']', ");
  return brackets.replace("'.', ", "'.', ',', ").replace("'!', ", "'!', '?', ");
}
