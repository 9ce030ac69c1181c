import type { MatchResources, NamedRuleWithOperations } from "../../../api/generated/types/admissionregistration-v1.ts";
import type { ApiObject } from "../../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../../apimachinery/resource/resource.ts";
import { fromLabelSelector, type Selector } from "../../../apimachinery/selectors/label-selector.ts";
import type { ObjectReader } from "../../registry/access.ts";
import { bothSelect } from "../dynamic/both-select.ts";
import { equivalentsOf, type ServedResources } from "../dynamic/equivalents.ts";
import { ruleMatches } from "../dynamic/rules.ts";
import { isNamespaces, namespaceLabels, namespaceOf, resourceOf } from "../dynamic/target.ts";
import type { AdmissionAttributes } from "../plugin.ts";

export interface PolicyMatchDeps {
  readonly reader: ObjectReader;
  readonly served: ServedResources;
}

/** What a policy or binding is about, its selectors read once. */
export interface Constraints {
  readonly resources: MatchResources;
  namespaceSelector(): Selector;
  objectSelector(): Selector;
}

export function constraintsOf(resources: MatchResources): Constraints {
  let ofNamespaces: Selector | undefined;
  let ofObjects: Selector | undefined;
  return {
    resources,
    namespaceSelector: () => (ofNamespaces ??= fromLabelSelector(resources.namespaceSelector)),
    objectSelector: () => (ofObjects ??= fromLabelSelector(resources.objectSelector)),
  };
}

/**
 * The definition that a policy sees a write as, or undefined where it is not concerned (admission/plugin/policy/matching).
 * Throws where that cannot be told: a namespace that is not there, a selector that cannot be read.
 */
export function matched(
  { resources, namespaceSelector, objectSelector }: Constraints,
  attributes: AdmissionAttributes,
  deps: PolicyMatchDeps,
): ResourceDefinition | undefined {
  const { resourceRules = [], excludeResourceRules = [] } = resources;
  const equivalent = resources.matchPolicy === "Equivalent";
  const definition =
    resourceRules.length === 0 ? attributes.definition : ruled(resourceRules, equivalent, attributes, deps.served);
  if (definition === undefined) return undefined;
  if (ruled(excludeResourceRules, equivalent, attributes, deps.served) !== undefined) return undefined;
  const selected = bothSelect(
    () => namespaceMatches(namespaceSelector, attributes, deps.reader),
    () => objectMatches(objectSelector, attributes),
  );
  return selected ? definition : undefined;
}

function ruled(
  rules: readonly NamedRuleWithOperations[],
  equivalent: boolean,
  attributes: AdmissionAttributes,
  served: ServedResources,
): ResourceDefinition | undefined {
  if (rules.length === 0) return undefined;
  const { definition, subresource, name } = attributes;
  const matches = (rule: NamedRuleWithOperations, one: ResourceDefinition): boolean =>
    ruleMatches(rule, attributes, resourceOf(one)) &&
    ((rule.resourceNames ?? []).length === 0 || rule.resourceNames!.includes(name));
  if (rules.some((rule) => matches(rule, definition))) return definition;
  if (!equivalent) return undefined;
  const others = equivalentsOf(served, definition, subresource);
  for (const rule of others.length === 0 ? [] : rules) {
    for (const other of others) if (matches(rule, other)) return other;
  }
  return undefined;
}

function namespaceMatches(selector: () => Selector, attributes: AdmissionAttributes, reader: ObjectReader): boolean {
  if (namespaceOf(attributes) === "" && !isNamespaces(attributes)) return true;
  const read = selector();
  return read.empty || read.matches(namespaceLabels(reader, attributes));
}

function objectMatches(selector: () => Selector, { object, oldObject }: AdmissionAttributes): boolean {
  const read = selector();
  const selects = (one: ApiObject | undefined): boolean => one !== undefined && read.matches(one.metadata?.labels);
  return read.empty || selects(object as ApiObject | undefined) || selects(oldObject);
}

const reviews: ReadonlySet<string> = new Set([
  "authentication.k8s.io/selfsubjectreviews",
  "authentication.k8s.io/tokenreviews",
  "authorization.k8s.io/localsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectaccessreviews",
  "authorization.k8s.io/selfsubjectrulesreviews",
  "authorization.k8s.io/subjectaccessreviews",
]);
const policies = /^(?:validating|mutating)admissionpolic(?:ies|ybindings)$/;

/** Policies decide on neither themselves nor on reviews (admission/plugin/policy/generic, pkg/kubeapiserver/admission/exclusion). */
export function isExempt({ definition: { group, plural } }: AdmissionAttributes): boolean {
  if (group === "admissionregistration.k8s.io") return policies.test(plural);
  return reviews.has(`${group}/${plural}`);
}
