import { isJsonObject } from "../json/json.ts";
import { JsonPathError, type Operand, type Operator, parsePath, type Step } from "./parse.ts";

/**
 * A path ready for use: gives the values it reaches in a JSON value, in their order; none where a key is missing. Throws
 * JsonPathError where they are too many: what descends twice reaches the same values time and again.
 */
export type JsonPath = (value: unknown) => readonly unknown[];

/** Compiles a path once. Throws JsonPathError on text that is none. */
export function jsonPath(text: string): JsonPath {
  const steps = parsePath(text);
  const names = steps.map((step) => (step.type === "field" ? step.name : undefined));
  // Most paths are plain names: no lists on the way.
  if (names.every((name) => name !== undefined)) return plain(names as readonly string[]);
  return (value) => follow(steps, [value]);
}

function plain(names: readonly string[]): JsonPath {
  return (value) => {
    let current = value;
    for (const name of names) {
      if (!isJsonObject(current) || !Object.hasOwn(current, name)) return [];
      current = current[name];
    }
    return [current];
  };
}

/** Most values that any step of a path may reach. */
const maxValues = 100_000;

function follow(steps: readonly Step[], values: readonly unknown[]): readonly unknown[] {
  let reached = values;
  for (const step of steps) {
    const next: unknown[] = [];
    for (const value of reached) {
      for (const one of take(step, value)) next.push(one);
      if (next.length > maxValues) throw new JsonPathError("path reaches too many values");
    }
    reached = next;
  }
  return reached;
}

function take(step: Step, value: unknown): readonly unknown[] {
  switch (step.type) {
    case "field":
      return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
    case "wildcard":
      return children(value);
    case "descend":
      return descendants(value);
    case "slice":
      return Array.isArray(value) ? slice(value, step) : [];
    case "union":
      return step.paths.flatMap((path) => follow(path, [value]));
    case "filter":
      return children(value).filter((child) => holds(step.left, step.operator, step.right, child));
  }
}

function children(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return isJsonObject(value) ? Object.values(value) : [];
}

function descendants(value: unknown): readonly unknown[] {
  return [value, ...children(value).flatMap(descendants)];
}

function slice(list: readonly unknown[], step: Extract<Step, { type: "slice" }>): readonly unknown[] {
  const at = (index: number): number => (index < 0 ? index + list.length : index);
  const from = at(step.from ?? 0);
  if (step.one === true) return from >= 0 && from < list.length ? [list[from]] : [];
  const by = step.by ?? 1;
  if (by <= 0) return [];
  return list
    .slice(Math.max(0, from), Math.min(list.length, at(step.to ?? list.length)))
    .filter((_, i) => i % by === 0);
}

function holds(left: Operand, operator: Operator, right: Operand, value: unknown): boolean {
  const leftValues = evaluate(left, value);
  if (operator === "exists") return leftValues.length > 0;
  const rightValues = evaluate(right, value);
  if (leftValues.length !== 1 || rightValues.length !== 1) return false;
  return compare(leftValues[0], operator, rightValues[0]);
}

function evaluate(operand: Operand, value: unknown): readonly unknown[] {
  return "value" in operand ? [operand.value] : follow(operand.path, [value]);
}

function compare(left: unknown, operator: Operator, right: unknown): boolean {
  if (operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (typeof left !== typeof right || (typeof left !== "number" && typeof left !== "string")) return false;
  const other = right as typeof left;
  if (operator === "<") return left < other;
  if (operator === "<=") return left <= other;
  return operator === ">" ? left > other : left >= other;
}
