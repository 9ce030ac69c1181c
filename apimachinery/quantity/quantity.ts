import {
  type Amount,
  addAmounts,
  canonicalBinary,
  canonicalDecimal,
  compact,
  compareAmounts,
  multiplyAmount,
  negateAmount,
  roundUp,
  scaledValue,
} from "./amount.ts";
import { parseQuantityText } from "./parse.ts";
import { constructSuffix, type QuantityFormat } from "./suffix.ts";

export { QuantityError } from "./parse.ts";
export type { QuantityFormat } from "./suffix.ts";

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;

/**
 * An exact amount with the family of suffixes it is written with: `500m`, `1Gi`, `12e6`. Immutable
 * (apimachinery/pkg/api/resource/quantity.go).
 */
export class Quantity {
  static readonly zero: Quantity = new Quantity({ unscaled: 0, scale: 0 }, "DecimalSI");

  readonly #amount: Amount;
  readonly format: QuantityFormat;
  #text: string | undefined;

  private constructor(amount: Amount, format: QuantityFormat, text?: string) {
    this.#amount = amount;
    this.format = format;
    this.#text = text;
  }

  /** Throws QuantityError (`quantities must match the regular expression …`). */
  static parse(text: string): Quantity {
    const { amount, format, text: canonical } = parseQuantityText(text);
    return new Quantity(amount, format, canonical);
  }

  /** An integer, in units. */
  static of(value: number | bigint, format: QuantityFormat = "DecimalSI"): Quantity {
    return new Quantity({ unscaled: compact(BigInt(value)), scale: 0 }, format);
  }

  static ofMilli(value: number, format: QuantityFormat = "DecimalSI"): Quantity {
    return new Quantity({ unscaled: value, scale: -3 }, format);
  }

  isZero(): boolean {
    return this.#amount.unscaled === 0;
  }

  sign(): -1 | 0 | 1 {
    return this.isZero() ? 0 : this.#amount.unscaled < 0 ? -1 : 1;
  }

  /** -1, 0 or 1, by amount; suffixes do not matter. For sort(). */
  compare(other: Quantity): number {
    return compareAmounts(this.#amount, other.#amount);
  }

  equals(other: Quantity): boolean {
    return this.compare(other) === 0;
  }

  /** Keeps this one's suffixes, unless it is zero. */
  add(other: Quantity): Quantity {
    if (other.isZero() && !this.isZero()) return new Quantity(this.#amount, this.format);
    return new Quantity(addAmounts(this.#amount, other.#amount), this.isZero() ? other.format : this.format);
  }

  subtract(other: Quantity): Quantity {
    return this.add(new Quantity(negateAmount(other.#amount), other.format));
  }

  multiply(factor: number | bigint): Quantity {
    return new Quantity(multiplyAmount(this.#amount, factor), this.format);
  }

  negate(): Quantity {
    return new Quantity(negateAmount(this.#amount), this.format);
  }

  /** Nothing finer than 10^scale; rounds away from zero. */
  roundUp(scale: number): Quantity {
    return this.#amount.scale >= scale ? this : new Quantity(roundUp(this.#amount, scale), this.format);
  }

  /**
   * Units, rounded away from zero. The nearest 64-bit integer where there are more (upstream's answer is then 0 or noise),
   * and the nearest double beyond 2^53.
   */
  value(): number {
    return this.scaledValue(0);
  }

  /** Thousandths of a unit, likewise. */
  milliValue(): number {
    return this.scaledValue(-3);
  }

  /** Counted in 10^scale, likewise. */
  scaledValue(scale: number): number {
    const { unscaled } = this.#amount;
    if (this.#amount.scale === scale && typeof unscaled === "number") return unscaled;
    return Number(this.scaledBigInt(scale));
  }

  /** Units as an exact integer of 64 bits, rounded away from zero. */
  scaledBigInt(scale = 0): bigint {
    const value = scaledValue(this.#amount, scale);
    return value > maxInt64 ? maxInt64 : value < minInt64 ? minInt64 : value;
  }

  /** Units as the nearest double. */
  approximate(): number {
    return Number(`${this.#amount.unscaled}e${this.#amount.scale}`);
  }

  /** True where it is a whole number of units. */
  isInteger(): boolean {
    return compareAmounts(roundUp(this.#amount, 0), this.#amount) === 0;
  }

  /** Canonical text: the largest suffix of the family without a fraction; no fraction finer than nano. */
  toString(): string {
    this.#text ??= this.#canonical();
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }

  #canonical(): string {
    if (this.isZero()) return "0";
    let format = this.format;
    if (format === "BinarySI" && (Math.abs(this.approximate()) < 1024 || !this.isInteger())) format = "DecimalSI";
    if (format === "BinarySI") {
      const { digits, times } = canonicalBinary(scaledValue(this.#amount, 0));
      return digits + constructSuffix(times * 10, format);
    }
    const { digits, exponent } = canonicalDecimal(this.#amount);
    return digits + constructSuffix(exponent, format);
  }
}

/**
 * The text that a decoder keeps of a quantity: what stands in JSON as text or number, canonical as far as upstream makes it
 * so (`1500m`, `1Gi`; a text that is nearly canonical stays, such as `1.500`). Throws QuantityError.
 */
export function canonicalQuantity(value: string | number | bigint): string {
  return Quantity.parse(typeof value === "string" ? value.trim() : plainDecimal(value)).toString();
}

/** A number's digits without an exponent, which would choose the family of suffixes. */
function plainDecimal(value: number | bigint): string {
  const text = String(value);
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?e([-+][0-9]+)$/.exec(text);
  if (match === null) return text;
  const [, sign, whole, fraction = "", exponent] = match as unknown as readonly [
    string,
    string,
    string,
    string?,
    string?,
  ];
  const shift = Number(exponent);
  const digits = whole + fraction;
  return shift < 0
    ? `${sign}0.${"0".repeat(-shift - 1)}${digits}`
    : `${sign}${digits}${"0".repeat(shift - fraction.length)}`;
}
