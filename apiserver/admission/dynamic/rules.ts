import type { RuleWithOperations } from "../../../api/generated/types/admissionregistration-v1.ts";
import type { AdmissionAttributes } from "../plugin.ts";
import { type GroupVersionResource, isNamespaces } from "./target.ts";

/** Whether a rule is about this write, taken as one of `resource` (admission/plugin/webhook/predicates/rules). */
export function ruleMatches(
  rule: RuleWithOperations,
  attributes: AdmissionAttributes,
  { group, version, resource }: GroupVersionResource,
): boolean {
  return (
    scopeMatches(rule.scope, attributes) &&
    includes(rule.operations, attributes.operation) &&
    includes(rule.apiGroups, group) &&
    includes(rule.apiVersions, version) &&
    resourceMatches(rule.resources ?? [], resource, attributes.subresource)
  );
}

function includes(list: readonly string[] = [], wanted: string): boolean {
  for (const one of list) if (one === "*" || one === wanted) return true;
  return false;
}

function scopeMatches(scope: string | undefined, attributes: AdmissionAttributes): boolean {
  if (scope === undefined || scope === "*") return true;
  const isNamespaced = !isNamespaces(attributes) && attributes.namespace !== "";
  return scope === "Namespaced" ? isNamespaced : scope === "Cluster" && !isNamespaced;
}

function resourceMatches(asked: readonly string[], resource: string, subresource: string): boolean {
  for (const one of asked) {
    const slash = one.indexOf("/");
    const ruled = slash < 0 ? one : one.slice(0, slash);
    const ruledSubresource = slash < 0 ? "" : one.slice(slash + 1);
    if (ruled !== "*" && ruled !== resource) continue;
    if (ruledSubresource === "*" || ruledSubresource === subresource) return true;
  }
  return false;
}
