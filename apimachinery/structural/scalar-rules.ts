import { RE2JS } from "re2js";
import { equalJson } from "../json/equal.ts";
import type { JsonValue } from "../json/json.ts";
import { goQuote } from "../text/go-quote.ts";
import { heededFormat, stringFormat } from "./formats.ts";
import type { Finding } from "./outcome.ts";
import type { Props } from "./props.ts";

// Rules and texts: kube-openapi pkg/validation/{validate,errors}.

/** Types that the schema allows; empty where it says nothing. */
export function typesOf(props: Props): readonly string[] {
  if (props["x-kubernetes-int-or-string"] === true) return intOrString;
  return props.type ? [props.type] : none;
}

const intOrString = ["integer", "string"];
const none: readonly string[] = [];

function typeName(value: JsonValue | bigint): string {
  if (value === null) return "null";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  if (typeof value === "bigint") return "integer";
  if (typeof value === "object") return Array.isArray(value) ? "array" : "object";
  return typeof value;
}

/** Format of a value by its Go type. */
const formatOfType: Readonly<Record<string, string>> = { integer: "int64", number: "double" };

export function typeFinding(value: JsonValue | bigint, props: Props, path: string): Finding | undefined {
  const types = typesOf(props);
  if (value === null) {
    return types.length === 0 || props.nullable === true ? undefined : mistyped(path, types.join(","), "null");
  }
  const format = heededFormat(types.length === 1 ? types[0] : types.length === 0 ? "" : "several", props.format);
  if (types.length === 0 && format === "") return undefined;
  const type = typeName(value);
  const fits = types.includes(type) || (type === "integer" && types.includes("number"));
  const textual = type === "string" || type === "array";
  if (!textual && format !== "" && !fits && format !== formatOfType[type]) {
    return mistyped(path, format, formatOfType[type] ?? "");
  }
  const numeric = types.includes("number") || types.includes("integer");
  if ((!numeric && format !== "" && textual) || fits) return undefined;
  return mistyped(path, types.join(","), type);
}

function mistyped(path: string, wanted: string, given: string): Finding {
  return { kind: "type", path, message: `${path} in body must be of type ${wanted}: ${goQuote(given)}`, value: given };
}

export function enumFinding(value: JsonValue | bigint, props: Props, path: string): Finding | undefined {
  const allowed = props.enum;
  if (allowed === undefined || allowed.length === 0) return undefined;
  if (value !== null && allowed.some((one) => equalJson(one, value))) return undefined;
  return { kind: "enum", path, message: `${path} in body should be one of ${String(allowed)}`, value, allowed };
}

const patterns = new Map<string, RE2JS | string>();
const patternsMax = 2_000;

/** The compiled expression, or what is wrong with it. Linear in the text: anybody may write a schema's patterns. */
function compiled(pattern: string): RE2JS | string {
  let expression = patterns.get(pattern);
  if (expression === undefined) {
    try {
      expression = RE2JS.compile(pattern);
    } catch (error) {
      expression = (error as Error).message;
    }
    if (patterns.size >= patternsMax) patterns.clear();
    patterns.set(pattern, expression);
  }
  return expression;
}

/** Characters as Go counts them: code points. */
function runes(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit < 0xdc00) count--;
  }
  return count;
}

export function stringFinding(text: string, props: Props, path: string): Finding | undefined {
  const { maxLength, minLength, pattern } = props;
  if (maxLength !== undefined && text.length > maxLength && runes(text) > maxLength) {
    const message = `${path} in body should be at most ${maxLength} chars long`;
    return { kind: "tooLong", path, message, value: text, limit: maxLength };
  }
  if (minLength !== undefined && (text.length < minLength || runes(text) < minLength)) {
    return {
      kind: "invalid",
      path,
      message: `${path} in body should be at least ${minLength} chars long`,
      value: text,
    };
  }
  if (!pattern) return undefined;
  const expression = compiled(pattern);
  if (typeof expression !== "string" && expression.test(text)) return undefined;
  const shown = typeof expression === "string" ? `${pattern}, but pattern is invalid: ${expression}` : pattern;
  return { kind: "invalid", path, message: `${path} in body should match '${shown}'`, value: text };
}

export function formatFinding(text: string, props: Props, path: string): Finding | undefined {
  if (!props.format) return undefined;
  const types = typesOf(props);
  const format = heededFormat(types.length === 1 ? types[0] : types.length === 0 ? "" : "several", props.format);
  if (format === "" || stringFormat(format)?.(text) !== false) return undefined;
  return { kind: "type", path, message: `${path} in body must be of type ${format}: ${goQuote(text)}`, value: text };
}

type Numeric = number | bigint;

export function* numberFindings(value: Numeric, props: Props, path: string): Generator<Finding> {
  const range = rangeFinding(value, props, path, "Checked");
  if (range !== undefined) yield range;
  const { multipleOf, minimum, maximum } = props;
  if (multipleOf !== undefined) yield* boundaryFindings(value, multipleOf, props, path, "MultipleOf", multipleProblem);
  if (minimum !== undefined) {
    const exclusive = props.exclusiveMinimum === true;
    yield* boundaryFindings(value, minimum, props, path, "Minimum boundary", (number, least) => {
      if (exclusive ? number > least : number >= least) return undefined;
      return `should be ${exclusive ? "greater than" : "greater than or equal to"} ${goFloat(least)}`;
    });
  }
  if (maximum !== undefined) {
    const exclusive = props.exclusiveMaximum === true;
    yield* boundaryFindings(value, maximum, props, path, "Maximum boundary", (number, most) => {
      if (exclusive ? number < most : number <= most) return undefined;
      return `should be ${exclusive ? "less than" : "less than or equal to"} ${goFloat(most)}`;
    });
  }
}

type Compare = (value: Numeric, boundary: number) => string | undefined;

/** A boundary that is none of the type is told; beside whole values, the others lose their fractions, as upstream's do. */
function* boundaryFindings(
  value: Numeric,
  boundary: number,
  props: Props,
  path: string,
  what: string,
  compare: Compare,
): Generator<Finding> {
  const misfit = rangeFinding(boundary, props, path, what);
  if (misfit !== undefined) yield misfit;
  const whole = misfit === undefined && (typeof value === "bigint" || Number.isInteger(value));
  const used = whole ? Math.trunc(boundary) : boundary;
  const problem = compare(value, used);
  if (problem === undefined) return;
  const message = problem.startsWith("factor") ? problem.replace("{path}", path) : `${path} in body ${problem}`;
  yield { kind: "invalid", path, message, value: problem.startsWith("factor") ? used : value };
}

function multipleProblem(value: Numeric, factor: number): string | undefined {
  if (factor <= 0) return `factor MultipleOf declared for {path} must be positive: ${goFloat(factor)}`;
  return isMultiple(value, factor) ? undefined : `should be a multiple of ${goFloat(factor)}`;
}

const int64Max = 2n ** 63n;

function rangeFinding(value: Numeric, props: Props, path: string, what: string): Finding | undefined {
  const [type, more] = typesOf(props);
  if (more !== undefined) return undefined;
  const format = heededFormat(type, props.format);
  const fits =
    type === "integer"
      ? typeName(value) === "integer" &&
        (format === "int32"
          ? value >= -(2 ** 31) && value < 2 ** 31
          : BigInt(value) >= -int64Max && BigInt(value) < int64Max)
      : format !== "float" || Math.abs(Number(value)) <= 3.4028235677973366e38;
  if (fits) return undefined;
  const kind = format === "" ? "(default format)" : `with format ${format}`;
  return { kind: "other", path, message: `${what} value must be of type ${type ?? ""} ${kind} in ${path}` };
}

function isMultiple(value: Numeric, factor: number): boolean {
  if (typeof value === "bigint") return Number.isInteger(factor) && value % BigInt(factor) === 0n;
  if (Number.isInteger(value) && Number.isInteger(factor)) return value % factor === 0;
  const quotient = factor < 1 ? (1 / factor) * value : value / factor;
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient));
}

/** Go's %v of a float64. */
export function goFloat(value: number): string {
  if (value === 0 || (Math.abs(value) >= 1e-4 && Math.abs(value) < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
