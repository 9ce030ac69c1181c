import { operators } from "./ast.ts";
import type { Token } from "./lexer.ts";

const beforeLiterals = ["[", "]", "{", "}", "(", ")", ".", ",", "-", "!", "?"];
const literals = "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER";

/** What may start an expression, and what else could stand in its place, as upstream's parser tells it. */
export function expectedStart(...orElse: readonly string[]): string {
  const symbols = beforeLiterals.filter((one) => startSymbols.has(one) || orElse.includes(one));
  return `{${symbols.map((one) => `'${one}'`).join(", ")}, ${literals}}`;
}

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

const startSymbols: ReadonlySet<string> = new Set(["[", "{", "(", ".", "-", "!"]);

export function startsExpression({ kind, text }: Token): boolean {
  if (kind === "symbol") return startSymbols.has(text);
  return kind !== "end" && kind !== "escaped" && !(kind === "identifier" && text === "in");
}

export function isName({ kind, text }: Token): boolean {
  return kind === "escaped" || (kind === "identifier" && !keywords.has(text));
}

const goOn = new Set([".", "[", "&&", "||", ...Object.keys({ ...relations, ...sums, ...products })]);

/** Whether an operand may be followed by it, wherever it stands; `?` and what closes around it come beside. */
export function continuesOperand({ kind, text }: Token): boolean {
  return (kind === "symbol" || text === "in") && goOn.has(text);
}
