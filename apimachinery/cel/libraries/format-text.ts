import { goQuote } from "../../text/go-quote.ts";
import { CelType } from "../types/type.ts";
import { CelError } from "../values/error.ts";
import { formatDouble, plainDouble } from "../values/go-number.ts";
import { typeOf } from "../values/kind.ts";
import { compareTexts, utf8Bytes, utf8Text } from "../values/text.ts";
import { formatDuration, formatTimestamp } from "../values/time.ts";
import { Duration, ListValue, MapValue, type Result, Timestamp, Uint, type Value } from "../values/value.ts";

const defaultPrecision = 6;
const maxPrecision = 1000;

class FormatError extends Error {}

/**
 * `"%d of %s".format([1, "x"])`. Localized (Kubernetes' version of the library), fixed-point numbers have their
 * thousands grouped and exponents are written as powers of ten, as en_US has it. Upstream: cel-go ext/formatting.go.
 */
export function formatText(format: string, args: readonly Value[], localized: boolean): Result {
  try {
    return new Formatter(format, args, localized).run();
  } catch (error) {
    if (error instanceof FormatError) return new CelError(error.message);
    throw error;
  }
}

class Formatter {
  readonly #format: string;
  readonly #args: readonly Value[];
  readonly #localized: boolean;
  #at = 0;

  constructor(format: string, args: readonly Value[], localized: boolean) {
    this.#format = format;
    this.#args = args;
    this.#localized = localized;
  }

  run(): string {
    let result = "";
    let next = 0;
    while (this.#at < this.#format.length) {
      const percent = this.#format.indexOf("%", this.#at);
      if (percent < 0) return result + this.#format.slice(this.#at);
      result += this.#format.slice(this.#at, percent);
      this.#at = percent + 1;
      if (this.#at >= this.#format.length) throw new FormatError("unexpected end of string");
      if (this.#format[this.#at] === "%") {
        result += "%";
        this.#at++;
        continue;
      }
      if (next >= this.#args.length) throw new FormatError(`index ${next} out of range`);
      const argument = this.#args[next++]!;
      const precision = this.#precision();
      const clause = this.#format[this.#at++] ?? "";
      try {
        result += this.#clause(clause, argument, precision);
      } catch (error) {
        if (error instanceof FormatError && this.#localized)
          throw new FormatError(`error during formatting: ${error.message}`);
        throw error;
      }
    }
    return result;
  }

  #precision(): number | undefined {
    if (this.#format[this.#at] !== ".") return undefined;
    this.#at++;
    const digits = /^\d*/.exec(this.#format.slice(this.#at))![0];
    this.#at += digits.length;
    if (digits === "")
      throw new FormatError("could not parse formatting clause: unable to find end of precision specifier");
    if (this.#at >= this.#format.length)
      throw new FormatError("could not parse formatting clause: unable to find end of precision specifier");
    const precision = Number(digits);
    if (precision > maxPrecision) throw new FormatError("could not parse formatting clause: precision is too large");
    return precision;
  }

  #clause(clause: string, value: Value, precision: number | undefined): string {
    switch (clause) {
      case "s":
        return this.text(value);
      case "d":
        return this.#decimal(value);
      case "f":
        return this.#real(value, (number) => this.#fixed(number, precision ?? defaultPrecision), "fixed-point");
      case "e":
        return this.#real(value, (number) => this.#scientific(number, precision ?? defaultPrecision), "scientific");
      case "b":
        if (typeof value === "boolean") return value ? "1" : "0";
        return this.#integer(value, "binary").toString(2);
      case "x":
        return this.#hex(value);
      case "X":
        return this.#hex(value).toUpperCase();
      case "o":
        return this.#integer(value, "octal").toString(8);
    }
    throw new FormatError(`could not parse formatting clause: unrecognized formatting clause "${clause}"`);
  }

  /** What a clause says of an argument it cannot show. */
  #refuse(clause: string, value: Value): never {
    const type = typeOf(value).name;
    switch (clause) {
      case "decimal":
        throw new FormatError(
          this.#localized
            ? `decimal clause can only be used on integers, was given ${type}`
            : `decimal clause can only be used on ints, uints, and doubles, was given ${type}`,
        );
      case "binary":
        throw new FormatError(
          `only ${this.#localized ? "integers" : "ints, uints,"} and bools can be formatted as binary, was given ${type}`,
        );
      case "octal":
        throw new FormatError(
          `octal clause can only be used on ${this.#localized ? "integers" : "ints and uints"}, was given ${type}`,
        );
      case "hex":
        throw new FormatError(
          `only ${this.#localized ? "integers, byte buffers," : "ints, uints, bytes,"} and strings can be formatted as hex, was given ${type}`,
        );
      case "string":
        throw new FormatError(
          `string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps, was given ${type}`,
        );
    }
    throw new FormatError(`${clause} clause can only be used on doubles, was given ${type}`);
  }

  #integer(value: Value, clause: string): bigint {
    if (typeof value === "bigint") return value;
    return value instanceof Uint ? value.value : this.#refuse(clause, value);
  }

  #decimal(value: Value): string {
    if (typeof value === "number" && !this.#localized) return plainOrSpecial(value);
    return String(this.#integer(value, "decimal"));
  }

  #hex(value: Value): string {
    if (typeof value === "string") return Buffer.from(utf8Bytes(value)).toString("hex");
    if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
    return this.#integer(value, "hex").toString(16);
  }

  #real(value: Value, show: (number: number) => string, clause: string): string {
    if (typeof value === "number") return show(value);
    if (this.#localized && typeof value === "string" && ["NaN", "Infinity", "-Infinity"].includes(value))
      return show(Number(value));
    if (!this.#localized && (typeof value === "bigint" || value instanceof Uint))
      return show(Number(value instanceof Uint ? value.value : value));
    return this.#refuse(clause === "fixed-point" && this.#localized ? "fixed-point" : clause, value);
  }

  #special(number: number): string | undefined {
    if (Number.isNaN(number)) return "NaN";
    if (Number.isFinite(number)) return undefined;
    const sign = number < 0 ? "-" : "";
    return sign + (this.#localized ? "∞" : "Infinity");
  }

  #fixed(number: number, precision: number): string {
    const special = this.#special(number);
    if (special !== undefined) return special;
    const text = fixedPoint(number, precision);
    if (!this.#localized) return text;
    const [whole, fraction] = text.split(".") as [string, string?];
    const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
    return fraction === undefined ? grouped : `${grouped}.${fraction}`;
  }

  #scientific(number: number, precision: number): string {
    const special = this.#special(number);
    if (special !== undefined) return special;
    const [mantissa, exponent] = number.toExponential(Math.min(precision, 100)).split("e") as [string, string];
    const digits = exponent.slice(1).padStart(2, "0");
    const negative = exponent.startsWith("-");
    if (!this.#localized) return `${mantissa}e${negative ? "-" : "+"}${digits}`;
    const raised = Array.from(digits, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("");
    return `${mantissa}×10${negative ? "⁻" : ""}${raised}`;
  }

  /** `%s` of any value; items of lists and maps are quoted as in an expression where Kubernetes' version does. */
  text(value: Value): string {
    if (typeof value === "string") return value;
    if (value === null) return "null";
    if (typeof value === "boolean" || typeof value === "bigint") return String(value);
    if (typeof value === "number") return this.#localized ? formatDouble(value) : plainOrSpecial(value);
    if (value instanceof Uint) return String(value.value);
    if (value instanceof Uint8Array) return utf8Text(value) ?? this.#invalidBytes(value);
    if (value instanceof Timestamp) return formatTimestamp(value);
    if (value instanceof Duration) return formatDuration(value);
    if (value instanceof CelType) return value.name;
    if (value instanceof ListValue) return this.#list(value);
    return value instanceof MapValue ? this.#map(value) : this.#refuse("string", value);
  }

  #invalidBytes(bytes: Uint8Array): string {
    if (this.#localized)
      throw new FormatError('could not convert argument "invalid UTF-8 in bytes, cannot convert to string" to string');
    return Buffer.from(bytes).toString("utf8");
  }

  #list(list: ListValue): string {
    const items: string[] = [];
    for (let index = 0; index < list.size(); index++) items.push(this.#item(list.at(index)));
    return `[${items.join(", ")}]`;
  }

  #map(map: MapValue): string {
    const entries = map.keys().map((key) => {
      if (key === null || (typeof key === "object" && !(key instanceof Uint))) {
        throw new FormatError(`no formatting function for map key of type ${typeOf(key).name}`);
      }
      return [this.#item(key), this.#item(map.get(key)!)] as const;
    });
    entries.sort(([a], [b]) => compareTexts(a, b));
    return `{${entries.map(([key, value]) => (this.#localized ? `${key}:${value}` : `${key}: ${value}`)).join(", ")}}`;
  }

  #item(result: Result): string {
    if (result instanceof CelError) throw new FormatError(result.message);
    if (!this.#localized) return this.text(result);
    if (typeof result === "string") return goQuote(result);
    if (result instanceof Uint8Array) return `b${goQuote(this.text(result))}`;
    if (result instanceof Timestamp) return `timestamp(${goQuote(formatTimestamp(result))})`;
    if (result instanceof Duration) return `duration(${goQuote(formatDuration(result))})`;
    if (typeof result === "number") {
      return Number.isFinite(result) ? fixedPoint(result, defaultPrecision) : goQuote(formatDouble(result));
    }
    return this.text(result);
  }
}

function plainOrSpecial(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  return plainDouble(value);
}

/** Go's `%.Nf`: the exact binary value, rounded half to even, whatever its size and however many digits. */
function fixedPoint(number: number, precision: number): string {
  const [mantissa, exponent] = binaryParts(Math.abs(number));
  let scaled = mantissa * 10n ** BigInt(precision);
  if (exponent >= 0) scaled <<= BigInt(exponent);
  else {
    const divisor = 1n << BigInt(-exponent);
    const rest = scaled % divisor;
    scaled /= divisor;
    if (rest * 2n > divisor || (rest * 2n === divisor && scaled % 2n === 1n)) scaled += 1n;
  }
  const digits = String(scaled).padStart(precision + 1, "0");
  const sign = number < 0 || Object.is(number, -0) ? "-" : "";
  const whole = digits.slice(0, digits.length - precision);
  return precision === 0 ? sign + whole : `${sign}${whole}.${digits.slice(digits.length - precision)}`;
}

/** A finite double as mantissa · 2^exponent. */
function binaryParts(number: number): readonly [mantissa: bigint, exponent: number] {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  const all = bits.getBigUint64(0);
  const exponent = Number((all >> 52n) & 0x7ffn);
  const fraction = all & ((1n << 52n) - 1n);
  return exponent === 0 ? [fraction, -1074] : [fraction | (1n << 52n), exponent - 1075];
}
