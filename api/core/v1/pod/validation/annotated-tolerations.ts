import { invalid } from "../../../../../apimachinery/field/errors.ts";
import type { Path } from "../../../../../apimachinery/field/path.ts";
import { JsonSyntaxError, parseJson } from "../../../../../apimachinery/json/strict-json.ts";
import type { Toleration } from "../../../../generated/types/core-v1.ts";
import type { Check } from "./check.ts";
import { validateTolerations } from "./scheduling.ts";

/** Tolerations as JSON, from the time before pods had a field for them. */
export const tolerationsAnnotation = "scheduler.alpha.kubernetes.io/tolerations";

/** The fields of upstream's internal type, which JSON's keys meet in whatever case, and their types. */
const fields: Readonly<Record<string, string>> = {
  Key: "string",
  Operator: "core.TolerationOperator",
  Value: "string",
  Effect: "core.TaintEffect",
  TolerationSeconds: "int64",
};

/** pkg/apis/core/validation ValidateTolerationsInPodAnnotations. */
export function validateAnnotatedTolerations(check: Check, text: string, place: Path): void {
  const read = readTolerations(text);
  if (typeof read === "string") check.errors.push(invalid(place, tolerationsAnnotation, read));
  else validateTolerations(check, read, place.child(tolerationsAnnotation));
}

/** What the text says, or what Go's encoding/json says of it. */
function readTolerations(text: string): readonly Toleration[] | string {
  let value: unknown;
  try {
    ({ value } = parseJson(text));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return error.message;
    throw error;
  }
  if (value === null) return [];
  if (!Array.isArray(value)) return mismatch(value, "value of type []core.Toleration");
  const problems: string[] = [];
  const tolerations = value.map((item) => readToleration(item, problems));
  return problems[0] ?? tolerations;
}

function readToleration(item: unknown, problems: string[]): Toleration {
  if (item === null) return {};
  if (typeof item !== "object" || Array.isArray(item)) {
    problems.push(mismatch(item, "value of type core.Toleration"));
    return {};
  }
  const read: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(item)) {
    const name = Object.keys(fields).find((field) => field.toLowerCase() === key.toLowerCase());
    if (name === undefined || value === null) continue;
    const type = fields[name]!;
    const fits = type === "int64" ? Number.isInteger(value) || typeof value === "bigint" : typeof value === "string";
    if (fits) read[name.charAt(0).toLowerCase() + name.slice(1)] = value;
    else problems.push(mismatch(value, `struct field Toleration.${name} of type ${type}`));
  }
  return read;
}

function mismatch(value: unknown, target: string): string {
  const isNumber = typeof value === "number" || typeof value === "bigint";
  const name = isNumber
    ? "number"
    : typeof value === "boolean"
      ? "bool"
      : Array.isArray(value)
        ? "array"
        : typeof value;
  const shown = isNumber && target.endsWith("int64") ? `number ${value}` : name;
  return `json: cannot unmarshal ${shown} into Go ${target}`;
}
