import { compareText, goQuote } from "../text/go-quote.ts";
import type { LabelSelector, LabelSelectorRequirement } from "../validation/label-fields.ts";
import { parseRequirements } from "./label-parser.ts";
import {
  compileRequirement,
  formatRequirement,
  type Labels,
  type LabelTest,
  newRequirement,
  type Operator,
  type Requirement,
  SelectorError,
} from "./requirement.ts";

export type { Labels, Operator, Requirement } from "./requirement.ts";
export { SelectorError } from "./requirement.ts";

/** Requirements on labels, all of which must hold (apimachinery/pkg/labels). Immutable. */
export interface Selector {
  /** True where it selects all objects. */
  readonly empty: boolean;
  /** Sorted by key. Empty for `everything` and for `nothing`. */
  readonly requirements: readonly Requirement[];
  matches(labels: Labels | undefined): boolean;
  /** The one value that an object's label must have to be selected, if the first requirement on it says so. */
  exactMatch(label: string): string | undefined;
  /** Canonical text, which parses to an equal selector. */
  toString(): string;
}

const noLabels: Labels = Object.freeze({});

class RequirementSelector implements Selector {
  readonly requirements: readonly Requirement[];
  readonly #tests: readonly LabelTest[];
  #text: string | undefined;

  constructor(requirements: readonly Requirement[]) {
    this.requirements = [...requirements].sort((a, b) => compareText(a.key, b.key));
    this.#tests = this.requirements.map(compileRequirement);
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(labels: Labels | undefined): boolean {
    for (const test of this.#tests) if (!test(labels ?? noLabels)) return false;
    return true;
  }

  exactMatch(label: string): string | undefined {
    const found = this.requirements.find(({ key }) => key === label);
    if (found === undefined || found.values.length !== 1) return undefined;
    return found.operator === "=" || found.operator === "==" || found.operator === "in" ? found.values[0] : undefined;
  }

  toString(): string {
    this.#text ??= this.requirements.map(formatRequirement).join(",");
    return this.#text;
  }
}

/** Selects all. */
export const everything: Selector = new RequirementSelector([]);

/** Selects none: what an absent metav1.LabelSelector means. */
export const nothing: Selector = {
  empty: false,
  requirements: [],
  matches: () => false,
  exactMatch: () => undefined,
  toString: () => "",
};

/** Reads `a=b,c!=d,e in (x,y),f notin (z),g,!h,i>1`. Throws SelectorError. */
export function parseLabelSelector(text: string): Selector {
  return text === "" ? everything : new RequirementSelector(parseRequirements(text));
}

/** Labels that must all be there; not checked (SelectorFromSet). */
export function selectorFromSet(labels: Labels | undefined): Selector {
  const requirements = Object.entries(labels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: "=", values: [value] }),
  );
  return requirements.length === 0 ? everything : new RequirementSelector(requirements);
}

const operators: Readonly<Record<string, Operator>> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "!" };

function requirementOf({ key, operator, values }: LabelSelectorRequirement): Requirement {
  const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (known === undefined) throw new SelectorError(`${goQuote(operator)} is not a valid label selector operator`);
  return newRequirement(key, known, values ?? []);
}

/** A metav1.LabelSelector: absent selects nothing, empty everything (LabelSelectorAsSelector). Throws SelectorError. */
export function fromLabelSelector(selector: LabelSelector | null | undefined): Selector {
  if (selector === undefined || selector === null) return nothing;
  const requirements = Object.entries(selector.matchLabels ?? {}).map(([key, value]) =>
    newRequirement(key, "=", [value]),
  );
  for (const expression of selector.matchExpressions ?? []) requirements.push(requirementOf(expression));
  return requirements.length === 0 ? everything : new RequirementSelector(requirements);
}

/** As columns show it: `<none>` where it has no text, `<error>` where it cannot be (FormatLabelSelector). */
export function formatLabelSelector(selector: LabelSelector | null | undefined): string {
  try {
    return fromLabelSelector(selector).toString() || "<none>";
  } catch (error) {
    if (error instanceof SelectorError) return "<error>";
    throw error;
  }
}
