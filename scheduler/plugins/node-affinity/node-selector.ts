import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
  PreferredSchedulingTerm,
} from "../../../api/generated/types/core-v1.ts";
import {
  compileRequirement,
  newRequirement,
  type Operator,
  SelectorError,
} from "../../../apimachinery/selectors/requirement.ts";

type Labels = Readonly<Record<string, string>>;

/** What of a node its affinity looks at. */
export interface NodeIdentity {
  readonly name: string;
  readonly labels: Labels;
}
export type NodeMatch = (node: NodeIdentity) => boolean;

const operators: Readonly<Record<string, Operator>> = {
  In: "in",
  NotIn: "notin",
  Exists: "exists",
  DoesNotExist: "!",
  Gt: "gt",
  Lt: "lt",
};

/** A pod's nodeSelector and required node affinity as one function; undefined where it has neither. */
export function requiredNodeMatch({ spec }: Pod): NodeMatch | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const entries = Object.entries(spec.nodeSelector ?? {});
  if (entries.length === 0 && required === undefined) return undefined;
  const matchAffinity = required === undefined ? () => true : nodeSelectorMatch(required);
  return (node) => entries.every(([key, value]) => node.labels[key] === value) && matchAffinity(node);
}

/** Terms are alternatives. One that is empty or cannot be understood matches nothing. */
export function nodeSelectorMatch({ nodeSelectorTerms }: NodeSelector): NodeMatch {
  const matches = nodeSelectorTerms.map(termMatch);
  return (node) => matches.some((match) => match(node));
}

/** The sum of the weights of the terms that match. */
export function preferredWeight(terms: readonly PreferredSchedulingTerm[]): (node: NodeIdentity) => number {
  const matches = terms
    .filter(({ weight }) => weight !== 0)
    .map(({ preference, weight }) => ({ match: termMatch(preference), weight }));
  return (node) => matches.reduce((sum, { match, weight }) => (match(node) ? sum + weight : sum), 0);
}

function termMatch({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatch {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  try {
    const labelTests = matchExpressions.map(labelTest);
    const fieldTests = matchFields.map(fieldTest);
    return ({ name, labels }) => labelTests.every((test) => test(labels)) && fieldTests.every((test) => test(name));
  } catch (error) {
    if (!(error instanceof SelectorError)) throw error;
    return () => false;
  }
}

function labelTest({ key, operator, values = [] }: NodeSelectorRequirement): (labels: Labels) => boolean {
  const known = operators[operator];
  if (known === undefined) throw new SelectorError(`${operator} is no operator of a node selector`);
  return compileRequirement(newRequirement(key, known, values));
}

/** Nodes have one field that can be selected by: their name. */
function fieldTest({ key, operator, values = [] }: NodeSelectorRequirement): (name: string) => boolean {
  if (values.length !== 1 || (operator !== "In" && operator !== "NotIn")) {
    throw new SelectorError(`${operator} is no operator of a node's field, or has not one value`);
  }
  const matches = (name: string): boolean => (key === "metadata.name" ? name : "") === values[0];
  return operator === "In" ? matches : (name) => !matches(name);
}
