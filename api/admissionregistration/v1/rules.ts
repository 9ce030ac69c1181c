import type { FieldError } from "../../../apimachinery/field/error.ts";
import { duplicate, invalid, notSupported, required } from "../../../apimachinery/field/errors.ts";
import type { Path } from "../../../apimachinery/field/path.ts";
import { validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import type * as types from "../../generated/types/admissionregistration-v1.ts";

// Rules: pkg/apis/admissionregistration/validation. What is supported is listed sorted, as upstream's sets are.

export const failurePolicies = ["Fail", "Ignore"];
export const matchPolicies = ["Equivalent", "Exact"];
export const reinvocationPolicies = ["IfNeeded", "Never"];
const scopes = ["*", "Cluster", "Namespaced"];
const operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];
/** What is deleted cannot be changed. */
const mutatingOperations = ["*", "CONNECT", "CREATE", "UPDATE"];

export function validateRule(rule: types.RuleWithOperations, place: Path): readonly FieldError[] {
  const { operations: asked = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule;
  const errors: FieldError[] = [];
  const at = place.child("operations");
  if (asked.length === 0) errors.push(required(at));
  if (isCrowdedWildcard(asked)) {
    errors.push(invalid(at, asked, "if '*' is present, must not specify other operations"));
  }
  for (const [i, one] of asked.entries()) {
    if (!operations.includes(one)) errors.push(notSupported(at.index(i), one, operations));
  }
  const groups = place.child("apiGroups");
  if (apiGroups.length === 0) errors.push(required(groups));
  if (isCrowdedWildcard(apiGroups)) {
    errors.push(invalid(groups, apiGroups, "if '*' is present, must not specify other API groups"));
  }
  const versions = place.child("apiVersions");
  if (apiVersions.length === 0) errors.push(required(versions));
  if (isCrowdedWildcard(apiVersions)) {
    errors.push(invalid(versions, apiVersions, "if '*' is present, must not specify other API versions"));
  }
  for (const [i, version] of apiVersions.entries()) if (version === "") errors.push(required(versions.index(i)));
  errors.push(...validateResources(resources, place.child("resources")));
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(place.child("scope"), scope, scopes));
  return errors;
}

function isCrowdedWildcard(list: readonly string[]): boolean {
  return list.length > 1 && list.includes("*");
}

function validateResources(resources: readonly string[], place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (resources.length === 0) errors.push(required(place));
  const allSubresourcesOf = new Set<string>();
  const ofAllResources = new Set<string>();
  let lastIsPlain = false;
  for (const [i, text] of resources.entries()) {
    if (text === "") {
      errors.push(required(place.index(i)));
      continue;
    }
    const slash = text.indexOf("/");
    if (slash < 0) {
      lastIsPlain = text !== "*";
      continue;
    }
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)];
    if (allSubresourcesOf.has(resource)) {
      errors.push(invalid(place.index(i), text, `if '${resource}/*' is present, must not specify ${text}`));
    }
    if (ofAllResources.has(subresource)) {
      errors.push(invalid(place.index(i), text, `if '*/${subresource}' is present, must not specify ${text}`));
    }
    if (subresource === "*") allSubresourcesOf.add(resource);
    if (resource === "*") ofAllResources.add(subresource);
  }
  if (resources.length > 1 && resources.includes("*/*")) {
    errors.push(invalid(place, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes("*") && lastIsPlain) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalid(place, resources, detail));
  }
  return errors;
}

/** What a policy or binding is about. Absent, there is nothing to check. */
export function validateMatchResources(
  resources: types.MatchResources | undefined,
  place: Path,
): readonly FieldError[] {
  if (resources === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = resources;
  const errors: FieldError[] = [];
  if (!matchPolicies.includes(matchPolicy)) {
    errors.push(notSupported(place.child("matchPolicy"), matchPolicy, matchPolicies));
  }
  errors.push(...validateLabelSelector(namespaceSelector, place.child("namespaceSelector")));
  errors.push(...validateLabelSelector(objectSelector, place.child("objectSelector")));
  for (const [i, rule] of resourceRules.entries()) {
    errors.push(...validateNamedRule(rule, place.child("resourceRules").index(i)));
  }
  for (const [i, rule] of excludeResourceRules.entries()) {
    errors.push(...validateNamedRule(rule, place.child("excludeResourceRules").index(i)));
  }
  return errors;
}

function validateNamedRule(rule: types.NamedRuleWithOperations, place: Path): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = place.child("resourceNames").index(i);
    for (const message of pathSegmentName(name, false)) errors.push(invalid(at, name, message));
    if (seen.has(name)) errors.push(duplicate(at, name));
    seen.add(name);
  }
  return [...errors, ...validateRule(rule, place)];
}

/** `place` is the match resources'; the path that upstream tells has no index. */
export function validateMutatingOperations(
  resources: types.MatchResources | undefined,
  place: Path,
): readonly FieldError[] {
  const asked = (resources?.resourceRules ?? []).flatMap((rule) => rule.operations ?? []);
  const at = place.child("resourceRules").child("operations");
  return asked
    .filter((operation) => !mutatingOperations.includes(operation))
    .map((operation) => notSupported(at, operation, mutatingOperations));
}
