import { goQuote } from "../text/go-quote.ts";

/** intstr.IntOrString: a 32-bit integer, or text such as `25%` or a port's name. */
export type IntOrString = number | string;

/** A text that is no percentage, in upstream's words. */
export class IntOrStringError extends Error {
  override name = "IntOrStringError";
}

/** An integer where the text is one of 32 bits, else the text (intstr.Parse). */
export function parseIntOrString(text: string): IntOrString {
  if (!/^[-+]?[0-9]+$/.test(text)) return text;
  const value = Number(text);
  return (value | 0) === value ? value | 0 : text;
}

/** The integer; of a text the integer that it spells, 0 where it spells none (IntOrString.IntValue). */
export function intValue(value: IntOrString): number {
  if (typeof value === "number") return value;
  return /^[-+]?[0-9]+$/.test(value) ? Number(value) : 0;
}

/**
 * The integer, or the percentage of `total`, rounded up or down (intstr.GetScaledValueFromIntOrPercent). Throws
 * IntOrStringError on a text that is no percentage.
 */
export function scaledIntOrPercent(value: IntOrString, total: number, rounding: "up" | "down"): number {
  if (typeof value === "number") return value;
  const scaled = (percentOf(value) * total) / 100;
  return rounding === "up" ? Math.ceil(scaled) : Math.floor(scaled);
}

/** 25 of `25%`; throws IntOrStringError. */
function percentOf(text: string): number {
  if (!text.endsWith("%"))
    throw new IntOrStringError("invalid value for IntOrString: invalid type: string is not a percentage");
  const digits = text.slice(0, -1);
  const problem = atoiProblem(digits);
  if (problem !== undefined) {
    throw new IntOrStringError(
      `invalid value for IntOrString: invalid value ${goQuote(text)}: strconv.Atoi: parsing ${goQuote(digits)}: ${problem}`,
    );
  }
  return Number(digits);
}

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/** Why Go's strconv.Atoi refuses the text. */
function atoiProblem(text: string): string | undefined {
  if (!/^[-+]?[0-9]+$/.test(text)) return "invalid syntax";
  const digits = text.replace(/^([-+]?)0+(?=[0-9])/, "$1");
  if (digits.length > 20) return "value out of range";
  const value = BigInt(digits.replace("+", ""));
  return value < minInt64 || value > maxInt64 ? "value out of range" : undefined;
}
