/** Family of suffixes a quantity is written with; kept through arithmetic. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

const decimal: readonly [string, number][] = [
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
];
const binary: readonly [string, number][] = [
  ["Ki", 10],
  ["Mi", 20],
  ["Gi", 30],
  ["Ti", 40],
  ["Pi", 50],
  ["Ei", 60],
];

const known: ReadonlyMap<string, Suffix> = new Map([
  ...decimal.map(([text, exponent]): [string, Suffix] => [text, { base: 10, exponent, format: "DecimalSI" }]),
  ...binary.map(([text, exponent]): [string, Suffix] => [text, { base: 2, exponent, format: "BinarySI" }]),
]);
const decimalText: ReadonlyMap<number, string> = new Map(decimal.map(([text, exponent]) => [exponent, text]));
const binaryText: ReadonlyMap<number, string> = new Map(binary.map(([text, exponent]) => [exponent, text]));

/**
 * Largest exponent read. Upstream reads up to 2^31 and then computes with numbers of that many digits; nothing that is
 * counted in a cluster comes near this.
 */
const maxExponent = 1000;

/** What a suffix says, or undefined where it says nothing: `Ki`, `m`, `e3`, `E-3`, `e+3`. */
export function interpretSuffix(text: string): Suffix | undefined {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (!/^[eE][-+]?[0-9]+$/.test(text)) return undefined;
  const exponent = Number(text.slice(1));
  return exponent > maxExponent ? undefined : { base: 10, exponent, format: "DecimalExponent" };
}

/** The suffix to write; empty where the family has none so large (upstream's answer, too). */
export function constructSuffix(exponent: number, format: QuantityFormat): string {
  if (format === "DecimalExponent") return exponent === 0 ? "" : `e${exponent}`;
  return (format === "BinarySI" ? binaryText : decimalText).get(exponent) ?? "";
}
