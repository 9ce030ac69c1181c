import { path } from "../apimachinery/field/path.ts";
import { compareText } from "../apimachinery/text/go-quote.ts";
import { validateLabelSelector } from "../apimachinery/validation/label-fields.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./generated/types/meta-v1.ts";

type Labels = Readonly<Record<string, string>>;

const nowhere = path("selector");

/** False where upstream could make no selector of it (LabelSelectorAsSelector fails). */
export function isGoodSelector(selector: LabelSelector | undefined): boolean {
  return validateLabelSelector(selector, nowhere).length === 0;
}

/** No selector chooses nothing, one without requirements everything. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  for (const key in selector.matchLabels) if (labels[key] !== selector.matchLabels[key]) return false;
  return (selector.matchExpressions ?? []).every((requirement) => requirementMatches(requirement, labels));
}

function requirementMatches({ key, operator, values = [] }: LabelSelectorRequirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

export function isEmptySelector(selector: LabelSelector | undefined): boolean {
  if (selector === undefined) return false;
  return Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length === 0;
}

/** `app=web,tier in (a,b),!legacy` by key, as `scale` and tables have it (labels.Selector String). */
export function selectorText(selector: LabelSelector | undefined): string {
  const parts: (readonly [string, string])[] = [];
  for (const key in selector?.matchLabels) parts.push([key, `${key}=${selector.matchLabels[key]}`]);
  for (const requirement of selector?.matchExpressions ?? []) {
    parts.push([requirement.key, requirementText(requirement)]);
  }
  return parts
    .sort(([a], [b]) => compareText(a, b))
    .map(([, text]) => text)
    .join(",");
}

function requirementText({ key, operator, values = [] }: LabelSelectorRequirement): string {
  const list = `(${[...values].sort(compareText).join(",")})`;
  switch (operator) {
    case "In":
      return `${key} in ${list}`;
    case "NotIn":
      return `${key} notin ${list}`;
    case "DoesNotExist":
      return `!${key}`;
    default:
      return key;
  }
}

/** The same for tables, which say where there is none and where it is none (metav1.FormatLabelSelector). */
export function formatLabelSelector(selector: LabelSelector | undefined): string {
  return isGoodSelector(selector) ? selectorText(selector) || "<none>" : "<error>";
}
