import { YamlError } from "./yaml-error.ts";

/** A plain value of YAML 1.1 as sigs.k8s.io/yaml reads it; beyond 2^53, integers are bigints. */
export type Scalar = string | number | bigint | boolean | null;

type Kind = "str" | "int" | "float" | "bool" | "null" | "timestamp";

interface Resolved {
  readonly kind: Kind;
  readonly value: Scalar;
}

const words: ReadonlyMap<string, Resolved> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"].map((text): [string, Resolved] => [
    text,
    { kind: "bool", value: true },
  ]),
  ...["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"].map((text): [string, Resolved] => [
    text,
    { kind: "bool", value: false },
  ]),
  ...["", "~", "null", "Null", "NULL"].map((text): [string, Resolved] => [text, { kind: "null", value: null }]),
  ...[".nan", ".NaN", ".NAN"].map((text): [string, Resolved] => [text, { kind: "float", value: Number.NaN }]),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((text): [string, Resolved] => [
    text,
    { kind: "float", value: Number.POSITIVE_INFINITY },
  ]),
  ...["-.inf", "-.Inf", "-.INF"].map((text): [string, Resolved] => [
    text,
    { kind: "float", value: Number.NEGATIVE_INFINITY },
  ]),
]);

const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const maxUint64 = 2n ** 64n - 1n;
const floatForm = /^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$/;
const timestampForm =
  /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2})?)?$/;

/** strconv.ParseInt and ParseUint with base 0, after underscores are gone: `10`, `-0x1F`, `0o17`, `017`, `0b11`. */
function parseInteger(text: string): number | bigint | undefined {
  const match = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/.exec(text);
  // No 64-bit integer has as many digits in base 2: longer texts need not be read.
  if (match === null || text.length > 80) return undefined;
  const [, sign, hex, binary, octal, decimal] = match;
  const size = BigInt(hex ?? binary ?? (octal === undefined ? decimal! : `0o${octal}`));
  const value = sign === "-" ? -size : size;
  if (value < minInt64 || value > maxUint64) return undefined;
  const number = Number(value);
  // Beyond 64 signed bits it becomes a float once it has gone through JSON.
  return Number.isSafeInteger(number) || value > maxInt64 ? number : value;
}

/** What an untagged plain scalar is (go-yaml v2, resolve.go). */
export function resolvePlain(text: string): Resolved {
  const first = text === "" ? 0 : text.charCodeAt(0);
  const word = words.get(text);
  if (word !== undefined) return word;
  const signed = first === 0x2b || first === 0x2d;
  if (first === 0x2e) {
    const value = floatForm.test(text) ? Number(text) : Number.NaN;
    return Number.isFinite(value) ? { kind: "float", value } : { kind: "str", value: text };
  }
  if (!signed && !(first >= 0x30 && first <= 0x39)) return { kind: "str", value: text };
  if (timestampForm.test(text)) return { kind: "timestamp", value: text };
  const plain = text.replaceAll("_", "");
  const integer = parseInteger(plain);
  if (integer !== undefined) return { kind: "int", value: integer };
  const value = floatForm.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? { kind: "float", value } : { kind: "str", value: text };
}

const knownTags: ReadonlySet<string> = new Set(["!!str", "!!bool", "!!int", "!!float", "!!null", "!!timestamp"]);

/** What a scalar with an explicit tag is; tags that nobody knows leave the text. Throws YamlError. */
export function resolveTagged(tag: string, text: string): Scalar {
  if (tag === "!!binary") {
    const bytes = Buffer.from(text, "base64");
    if (bytes.toString("base64") !== text.replace(/[\r\n]/g, "")) {
      throw new YamlError("yaml: !!binary value contains invalid base64 data");
    }
    return bytes.toString("utf8");
  }
  if (!knownTags.has(tag) || tag === "!!str") return text;
  const { kind, value } = resolvePlain(text);
  if (`!!${kind}` === tag || (tag === "!!float" && kind === "int")) return value;
  throw new YamlError(`yaml: cannot decode !!${kind} \`${text}\` as a ${tag}`);
}
