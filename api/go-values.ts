import { compareText } from "../apimachinery/text/go-quote.ts";
import type { LabelSelector, LabelSelectorRequirement } from "./generated/types/meta-v1.ts";

// Values in messages as Go's JSON has them: maps by key, nil maps as null.

export function goMap(map: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | null {
  return map === undefined ? null : Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareText(a, b)));
}

/** Fields in the order of their declaration, however a client has written them. */
export function goSelector(selector: LabelSelector | undefined): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  const { matchLabels, matchExpressions } = selector;
  return {
    ...(matchLabels === undefined ? {} : { matchLabels: goMap(matchLabels)! }),
    ...(matchExpressions === undefined ? {} : { matchExpressions: matchExpressions.map(goRequirement) }),
  };
}

function goRequirement({ key = "", operator = "", values }: LabelSelectorRequirement): LabelSelectorRequirement {
  return { key, operator, ...(values === undefined ? {} : { values }) };
}
