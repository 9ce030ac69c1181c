import { fromLabelSelector, type Selector, SelectorError } from "../apimachinery/selectors/label-selector.ts";
import type { LabelSelector } from "./generated/types/meta-v1.ts";

/** A selector ready to match; undefined where the object says something that none can be made of. */
export function selectorOf(selector: LabelSelector | undefined): Selector | undefined {
  try {
    return fromLabelSelector(selector);
  } catch (error) {
    if (error instanceof SelectorError) return undefined;
    throw error;
  }
}
