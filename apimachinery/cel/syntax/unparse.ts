import { goQuote } from "../../text/go-quote.ts";
import { formatDouble } from "../values/go-number.ts";
import { Uint } from "../values/value.ts";
import { type CallExpression, type Expression, type Literal, operators } from "./ast.ts";

/** How tightly an operator binds; higher is tighter. */
const precedence: Readonly<Record<string, number>> = {
  [operators.conditional]: 1,
  [operators.or]: 2,
  [operators.and]: 3,
  ...Object.fromEntries(
    [
      operators.equals,
      operators.notEquals,
      operators.less,
      operators.lessEquals,
      operators.greater,
      operators.greaterEquals,
      operators.in,
    ].map((name) => [name, 4]),
  ),
  [operators.add]: 5,
  [operators.subtract]: 5,
  [operators.multiply]: 6,
  [operators.divide]: 6,
  [operators.modulo]: 6,
  [operators.not]: 7,
  [operators.negate]: 7,
};
const member = 8;

function symbolOf(name: string): string {
  return name === operators.in ? "in" : name.replaceAll("_", "");
}

/**
 * The text of an expression, with as few parentheses as it can have: parsing it gives the expression again. Macros
 * must not have been expanded, but for `has`.
 */
export function unparse(e: Expression): string {
  switch (e.kind) {
    case "literal":
      return literal(e.value);
    case "identifier":
      return e.name;
    case "select": {
      const path = `${within(e.operand, member)}.${e.field}`;
      return e.testOnly ? `has(${path})` : path;
    }
    case "call":
      return call(e);
    case "list":
      return `[${e.items.map((item, index) => (e.optional.has(index) ? "?" : "") + unparse(item)).join(", ")}]`;
    case "map": {
      const entries = e.entries.map(
        ({ key, value, optional }) => `${optional ? "?" : ""}${unparse(key)}: ${unparse(value)}`,
      );
      return `{${entries.join(", ")}}`;
    }
    case "struct": {
      const fields = e.fields.map(({ name, value, optional }) => `${optional ? "?" : ""}${name}: ${unparse(value)}`);
      return `${e.typeName}{${fields.join(", ")}}`;
    }
    case "comprehension":
      throw new TypeError("a comprehension has no text of its own");
  }
}

/** The text as an operand: in parentheses where it binds more loosely than its place asks. */
function within(e: Expression, least: number): string {
  const text = unparse(e);
  return bindingOf(e) < least ? `(${text})` : text;
}

function bindingOf(e: Expression): number {
  if (e.kind === "call") return precedence[e.function] ?? member;
  const negative =
    e.kind === "literal" &&
    (typeof e.value === "bigint" || typeof e.value === "number") &&
    text(e.value).startsWith("-");
  return negative ? precedence[operators.negate]! : member;
}

const text = (value: bigint | number): string => (typeof value === "bigint" ? String(value) : formatDouble(value));

function call({ function: name, target, args }: CallExpression): string {
  const [first, second, third] = args as [Expression, Expression, Expression];
  switch (name) {
    case operators.conditional:
      return `${within(first, 2)} ? ${within(second, 2)} : ${within(third, 1)}`;
    case operators.and:
    case operators.or:
      return args.map((term) => within(term, precedence[name]! + 1)).join(` ${symbolOf(name)} `);
    case operators.not:
    case operators.negate:
      return `${symbolOf(name)}${within(first, member)}`;
    case operators.index:
      return `${within(first, member)}[${unparse(second)}]`;
    case operators.optionalIndex:
      return `${within(first, member)}[?${unparse(second)}]`;
    case operators.optionalSelect:
      return `${within(first, member)}.?${second.kind === "literal" ? String(second.value) : ""}`;
  }
  const binding = precedence[name];
  if (binding !== undefined) return `${within(first, binding)} ${symbolOf(name)} ${within(second, binding + 1)}`;
  const list = args.map(unparse).join(", ");
  return target === undefined ? `${name}(${list})` : `${within(target, member)}.${name}(${list})`;
}

function literal(value: Literal): string {
  if (value === null || typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "string") return goQuote(value);
  if (value instanceof Uint) return `${value.value}u`;
  if (value instanceof Uint8Array) {
    return `b"${Array.from(value, (byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
  }
  const plain = formatDouble(value);
  return /[.e]/.test(plain) ? plain : `${plain}.0`;
}
