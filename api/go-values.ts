import { compareText } from "../apimachinery/text/go-quote.ts";
import type { LabelSelector } from "./generated/types/meta-v1.ts";

// Values in messages as Go's JSON has them: maps by key, nil maps as null.

export function goMap(map: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> | null {
  return map === undefined ? null : Object.fromEntries(Object.entries(map).sort(([a], [b]) => compareText(a, b)));
}

export function goSelector(selector: LabelSelector | undefined): LabelSelector | undefined {
  if (selector?.matchLabels === undefined) return selector;
  const { matchLabels, ...rest } = selector;
  return { matchLabels: goMap(matchLabels)!, ...rest };
}
