/** A double as Go's `%g` prints it: the fewest digits that tell it apart, with an exponent below 1e-4 and from 1e6 on. */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [mantissa, exponentText] = value.toExponential().split("e") as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 6) {
    const digits = String(Math.abs(exponent)).padStart(2, "0");
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${digits}`;
  }
  return plainDouble(value);
}

/** A double as Go's `%f` with the fewest digits that tell it apart: never an exponent. */
export function plainDouble(value: number): string {
  const text = String(value);
  const at = text.indexOf("e");
  if (at < 0) return text;
  const exponent = Number(text.slice(at + 1));
  const negative = text.startsWith("-");
  const [whole, fraction = ""] = text.slice(negative ? 1 : 0, at).split(".") as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  const sign = negative ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  if (point >= digits.length) return sign + digits + "0".repeat(point - digits.length);
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

const decimal = /^[+-]?(?:(?:\d+(?:_?\d)*)?\.?\d*(?:[eE][+-]?\d+)?)$/;

/** What `strconv.ParseFloat` makes of a text; `undefined` where it refuses. */
export function parseDouble(text: string): number | undefined {
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special !== null) {
    if (special[2]!.toLowerCase() === "nan") return special[1] === "" ? Number.NaN : undefined;
    return special[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  if (!decimal.test(text) || !/\d/.test(text) || /^[+-]?\.?[eE]/.test(text) || text.includes("_")) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** What `strconv.ParseInt(text, 10, 64)` makes of a text, its range apart. */
export function parseInteger(text: string): bigint | undefined {
  return /^[+-]?\d+$/.test(text) ? BigInt(text.startsWith("+") ? text.slice(1) : text) : undefined;
}
