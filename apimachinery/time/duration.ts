import { TimeError, timeQuote } from "./go-time.ts";

export { TimeError } from "./go-time.ts";

const units: ReadonlyMap<string, bigint> = new Map([
  ["ns", 1n],
  ["us", 1_000n],
  ["µs", 1_000n], // micro sign
  ["μs", 1_000n], // Greek letter mu
  ["ms", 1_000_000n],
  ["s", 1_000_000_000n],
  ["m", 60_000_000_000n],
  ["h", 3_600_000_000_000n],
]);

const limit = 2n ** 63n;
/** Digits that are read exactly; any value of more is above the limit. */
const maxDigits = 20;

/** Nanoseconds of a Go duration such as `1h30m`, `-1.5s`, `100ms` (time.ParseDuration). Throws TimeError. */
export function parseDuration(text: string): bigint {
  const invalid = () => new TimeError(`time: invalid duration ${timeQuote(text)}`);
  const negative = text.startsWith("-");
  let rest = negative || text.startsWith("+") ? text.slice(1) : text;
  if (rest === "0") return 0n;
  if (rest === "") throw invalid();
  let total = 0n;
  while (rest !== "") {
    const match = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest)!;
    const [number, whole, fraction = ""] = match as unknown as readonly [string, string, string?];
    if (whole === "" && fraction === "") throw invalid();
    const digits = whole.replace(/^0+/, "");
    if (digits.length > maxDigits || BigInt(`0${digits}`) > limit) throw invalid();
    rest = rest.slice(number.length);
    const name = /^[^.0-9]*/.exec(rest)![0];
    if (name === "") throw new TimeError(`time: missing unit in duration ${timeQuote(text)}`);
    const unit = units.get(name);
    if (unit === undefined) {
      throw new TimeError(`time: unknown unit ${timeQuote(name)} in duration ${timeQuote(text)}`);
    }
    rest = rest.slice(name.length);
    total += BigInt(`0${digits}`) * unit + fractionOf(fraction, unit);
    if (total > limit) throw invalid();
  }
  if (!negative && total === limit) throw invalid();
  return negative ? -total : total;
}

/** Go computes a fraction in floating point, from the digits that fit into 63 bits. */
function fractionOf(fraction: string, unit: bigint): bigint {
  if (fraction === "") return 0n;
  const digits = fraction.slice(0, 18);
  return BigInt(Math.trunc(Number(digits) * (Number(unit) / 10 ** digits.length)));
}

/** Milliseconds of a Go duration; finer parts as a fraction. Throws TimeError. */
export function parseDurationMs(text: string): number {
  return Number(parseDuration(text)) / 1_000_000;
}

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `100ms`, `0s` (time.Duration.String). */
export function formatDuration(nanos: bigint): string {
  if (nanos === 0n) return "0s";
  const sign = nanos < 0n ? "-" : "";
  const size = nanos < 0n ? -nanos : nanos;
  if (size < 1_000n) return `${sign}${size}ns`;
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`;
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`;
  const minutes = size / 60_000_000_000n;
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return sign + seconds;
  const hours = minutes / 60n;
  return hours === 0n ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const text = value.toString().padStart(places + 1, "0");
  const fraction = text.slice(-places).replace(/0+$/, "");
  return fraction === "" ? text.slice(0, -places) : `${text.slice(0, -places)}.${fraction}`;
}

/** metav1.Duration as a decoder keeps it. Throws TimeError. */
export function canonicalDuration(text: string): string {
  return formatDuration(parseDuration(text));
}
