import { maxInt, maxUint } from "../values/numbers.ts";
import { Uint } from "../values/value.ts";
import type { Literal } from "./ast.ts";
import type { Token } from "./lexer.ts";
import { UnescapeError, unescapeBytes, unescapeString } from "./unescape.ts";

/** The number of a token with its sign. Throws `UnescapeError` where it does not fit its type. */
export function numberValue({ kind, text }: Token, sign: "" | "-"): Literal {
  if (kind === "double") {
    const value = Number(sign + text);
    if (!Number.isFinite(value)) throw new UnescapeError("invalid double literal");
    return value;
  }
  if (kind === "uint") {
    const value = BigInt(text.slice(0, -1));
    if (value > maxUint) throw new UnescapeError("invalid uint literal");
    return new Uint(value);
  }
  const magnitude = BigInt(text);
  if (magnitude > maxInt + (sign === "-" ? 1n : 0n)) throw new UnescapeError("invalid int literal");
  return sign === "-" ? -magnitude : magnitude;
}

export function textValue({ kind, text }: Token): Literal {
  return kind === "bytes" ? unescapeBytes(text) : unescapeString(text);
}
