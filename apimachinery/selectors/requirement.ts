import type { FieldError } from "../field/error.ts";
import { formatFieldErrors, invalid, notSupported } from "../field/errors.ts";
import { type Path, rootPath } from "../field/path.ts";
import { compareText } from "../text/go-quote.ts";
import { isQualifiedName, isValidLabelValue } from "../validation/labels.ts";

/** A selector that cannot be, in upstream's words. */
export class SelectorError extends Error {
  override name = "SelectorError";
}

/** As texts spell them (apimachinery/pkg/selection); `gt` and `lt` are written `>` and `<`. */
export type Operator = "in" | "notin" | "=" | "==" | "!=" | "gt" | "lt" | "exists" | "!";

export const binaryOperators: readonly Operator[] = ["in", "notin", "=", "==", "!=", "gt", "lt"];
const operators: readonly Operator[] = [...binaryOperators, "exists", "!"];

export type Labels = Readonly<Record<string, string>>;

/** One condition on one label. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  /** In the order given. */
  readonly values: readonly string[];
}

/** Checks what upstream's NewRequirement checks. Throws SelectorError. */
export function newRequirement(
  key: string,
  operator: Operator,
  values: readonly string[],
  place: Path = rootPath,
): Requirement {
  const errors: FieldError[] = [];
  const keyMessages = isQualifiedName(key);
  if (keyMessages.length > 0) errors.push(invalid(place.child("key"), key, keyMessages.join("; ")));
  const valuesPlace = place.child("values");
  const problem = countProblem(operator, values.length);
  // A nil slice, which is what an absent list is, prints as null.
  if (problem !== undefined) errors.push(invalid(valuesPlace, values.length === 0 ? null : values, problem));
  if (!operators.includes(operator)) errors.push(notSupported(place.child("operator"), operator, operators));
  for (const [i, value] of values.entries()) {
    if ((operator === "gt" || operator === "lt") && parseInteger(value) === undefined) {
      errors.push(invalid(valuesPlace.index(i), value, "for 'Gt', 'Lt' operators, the value must be an integer"));
    }
  }
  for (const [i, value] of values.entries()) {
    const messages = isValidLabelValue(value);
    if (messages.length > 0) errors.push(invalid(valuesPlace.index(i).key(key), value, messages.join("; ")));
  }
  if (errors.length > 0) throw new SelectorError(formatFieldErrors(errors));
  return { key, operator, values };
}

function countProblem(operator: Operator, count: number): string | undefined {
  switch (operator) {
    case "in":
    case "notin":
      return count > 0 ? undefined : "for 'in', 'notin' operators, values set can't be empty";
    case "=":
    case "==":
    case "!=":
      return count === 1 ? undefined : "exact-match compatibility requires one single value";
    case "exists":
    case "!":
      return count === 0 ? undefined : "values set must be empty for exists and does not exist";
    case "gt":
    case "lt":
      return count === 1 ? undefined : "for 'Gt', 'Lt' operators, exactly one value is required";
    default:
      return undefined;
  }
}

/** A 64-bit decimal integer, or undefined (strconv.ParseInt). */
function parseInteger(text: string): bigint | undefined {
  if (!/^[-+]?[0-9]{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace("+", ""));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

export type LabelTest = (labels: Labels) => boolean;

/** The requirement as a function. An absent label satisfies `!=` and `notin`, and no other operator but `!`. */
export function compileRequirement({ key, operator, values }: Requirement): LabelTest {
  const [first] = values;
  switch (operator) {
    case "=":
    case "==":
    case "in": {
      if (values.length === 1) return (labels) => labels[key] === first;
      const set = new Set(values);
      return (labels) => set.has(labels[key]!);
    }
    case "!=":
    case "notin": {
      if (values.length === 1) return (labels) => labels[key] !== first;
      const set = new Set(values);
      return (labels) => !set.has(labels[key]!);
    }
    // Not `in`: labels are plain objects, whose prototype has keys, too.
    case "exists":
      return (labels) => typeof labels[key] === "string";
    case "!":
      return (labels) => typeof labels[key] !== "string";
    case "gt":
    case "lt":
      return compileOrder(key, operator, parseInteger(first ?? ""));
  }
}

function compileOrder(key: string, operator: "gt" | "lt", bound: bigint | undefined): LabelTest {
  return (labels) => {
    const text = labels[key];
    const value = typeof text === "string" ? parseInteger(text) : undefined;
    if (value === undefined || bound === undefined) return false;
    return operator === "gt" ? value > bound : value < bound;
  };
}

/** Canonical text: values sorted. */
export function formatRequirement({ key, operator, values }: Requirement): string {
  const list = values.length === 1 ? values[0]! : [...values].sort(compareText).join(",");
  switch (operator) {
    case "exists":
      return key;
    case "!":
      return `!${key}`;
    case "in":
    case "notin":
      return `${key} ${operator} (${list})`;
    case "gt":
      return `${key}>${list}`;
    case "lt":
      return `${key}<${list}`;
    default:
      return `${key}${operator}${list}`;
  }
}
