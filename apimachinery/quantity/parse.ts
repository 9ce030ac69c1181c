import { type Amount, compact, compareAmounts, multiplyAmount, negateAmount, roundUp } from "./amount.ts";
import { interpretSuffix, type QuantityFormat } from "./suffix.ts";

/** A text that is no quantity. */
export class QuantityError extends Error {
  override name = "QuantityError";
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const suffixWrong = "unable to parse quantity's suffix";

/**
 * Sign, digits before and after the point; without the first digits' zeros, as upstream counts digits. This fits any text: one
 * pattern for all of a quantity would try every way to share out its digits between the parts, in time to the power of three.
 */
const numberPattern = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?/;
const suffixPattern = /^[eEinumkKMGTP]*[-+]?[0-9]*$/;

/** Scale of the smallest part that is kept. */
const nano = -9;
const maxInt64: Amount = { unscaled: 2n ** 63n - 1n, scale: 0 };
const one: Amount = { unscaled: 1, scale: 0 };

export interface ParsedQuantity {
  readonly amount: Amount;
  readonly format: QuantityFormat;
  /** The text itself, where it may stand as the canonical form. */
  readonly text: string | undefined;
}

/** resource.ParseQuantity. Throws QuantityError. */
export function parseQuantityText(text: string): ParsedQuantity {
  const match = numberPattern.exec(text)!;
  const suffixText = text.slice(match[0].length);
  const suffix = interpretSuffix(suffixText);
  if (text === "" || (suffix === undefined && !suffixPattern.test(suffixText))) throw new QuantityError(formatWrong);
  if (suffix === undefined) throw new QuantityError(suffixWrong);
  const [, sign, digits = "", fraction = ""] = match;
  // Digits may be absent altogether: upstream reads a bare sign, point or suffix as zero.
  const number = digits === "" ? "0" : digits;
  const parts: Parts = {
    negative: sign === "-",
    number,
    fraction,
    exponent: suffix.exponent,
    format: suffix.format,
    text,
  };
  return parseShort(parts) ?? parseLong(parts);
}

interface Parts {
  readonly negative: boolean;
  readonly number: string;
  readonly fraction: string;
  readonly exponent: number;
  readonly format: QuantityFormat;
  readonly text: string;
}

/** Digits that surely fit into 64 bits: most quantities. Only here may the text stand as it is. */
function parseShort(parts: Parts): ParsedQuantity | undefined {
  const { number, fraction, exponent, format, text } = parts;
  const binary = format === "BinarySI";
  const spare = binary
    ? 15 - number.length - Math.trunc((exponent * 3) / 10) - 1
    : 18 - number.length - fraction.length;
  const scale = (binary ? 0 : exponent) - fraction.length;
  if (spare < 0 || scale < nano || (binary && fraction !== "")) return undefined;
  const shifted = number + fraction;
  const value = shifted.length < 16 ? Number(shifted) : compact(BigInt(shifted));
  const signed = parts.negative && value !== 0 ? -value : value;
  const amount: Amount = { unscaled: binary ? (signed as number) * 2 ** exponent : signed, scale };
  const asIs = binary
    ? ((value as number) & 7) !== 0
    : scale % 3 === 0 && !shifted.endsWith("000") && !shifted.startsWith("0");
  return { amount, format, text: asIs ? text : undefined };
}

function parseLong(parts: Parts): ParsedQuantity {
  const { number, fraction, exponent, negative } = parts;
  const binary = parts.format === "BinarySI";
  let amount: Amount = {
    unscaled: compact(BigInt(number + fraction)),
    scale: (binary ? 0 : exponent) - fraction.length,
  };
  if (binary) amount = multiplyAmount(amount, 2n ** BigInt(exponent));
  amount = roundUp(amount, nano);
  let format = parts.format;
  if (binary && compareAmounts(amount, maxInt64) > 0) amount = maxInt64;
  if (binary && amount.unscaled !== 0 && compareAmounts(amount, one) < 0) format = "DecimalSI";
  return { amount: negative ? negateAmount(amount) : amount, format, text: undefined };
}
