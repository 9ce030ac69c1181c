import { findFaultyFields } from "../../apimachinery/json/strict-json.ts";
import { compareText, goQuote } from "../../apimachinery/text/go-quote.ts";

// What strict decoding says of a body, as KEP-2885 and sigs.k8s.io/json have it: `unknown field "a.b"`, `duplicate field "c"`.

const unknownField = "unknown field ";

/** Of a JSON text: both kinds as they stand in it, each once; what is below an unknown field is nobody's fault. */
export function inTextOrder(text: string, unknown: readonly string[]): readonly string[] {
  const paths = unknown.map((problem) => JSON.parse(problem.slice(unknownField.length)) as string);
  return findFaultyFields(text, new Set(paths)).map(({ fault, path }) => `${fault} field ${goQuote(path)}`);
}

/** Of an object whose text was written by Go from maps: unknown fields by the keys on the way to them. */
export function byKeys(unknown: readonly string[]): readonly string[] {
  if (unknown.length < 2) return unknown;
  const keys = (message: string): readonly string[] => message.split(/[.[\]]+/);
  return unknown.toSorted((a, b) => {
    const [one, other] = [keys(a), keys(b)];
    const at = one.findIndex((key, i) => key !== other[i]);
    return at < 0 ? one.length - other.length : compareKeys(one[at]!, other[at] ?? "");
  });
}

function compareKeys(a: string, b: string): number {
  return /^\d+$/.test(a) && /^\d+$/.test(b) ? Number(a) - Number(b) : compareText(a, b);
}

/** What a YAML reader says of all repeated keys together is a warning for each line (handlers/rest.go parseYAMLWarnings). */
export function warningsOf(problem: string): readonly string[] {
  const [first, ...lines] = problem.split("\n");
  return lines.length > 0 && first!.endsWith("yaml: unmarshal errors:") ? lines.map((line) => line.trim()) : [problem];
}
