import { goQuote } from "../../apimachinery/text/go-quote.ts";

/** `["a" "b"]`: how Go prints a list of strings with %q. */
export function quoteList(values: readonly string[]): string {
  return `[${values.map(goQuote).join(" ")}]`;
}
