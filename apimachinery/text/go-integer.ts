import { goQuote } from "./go-quote.ts";

/** What Go's `strconv.ParseInt(text, 10, 64)` says of a text that it refuses; undefined of one that it reads. */
export function int64Problem(text: string): string | undefined {
  const problem = problemOf(text);
  return problem === undefined ? undefined : `strconv.ParseInt: parsing ${goQuote(text)}: ${problem}`;
}

function problemOf(text: string): string | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return "invalid syntax";
  const digits = text.replace(/^\+/, "");
  return BigInt.asIntN(64, BigInt(digits)) === BigInt(digits) ? undefined : "value out of range";
}
