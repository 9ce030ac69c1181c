import { isDeepStrictEqual } from "node:util";
import type { ClusterRole, LabelSelector, PolicyRule } from "./types.ts";

/**
 * The rules an aggregated ClusterRole gathers from `all` others: selector by selector, by name, each distinct rule once
 * (pkg/controller/clusterroleaggregation). Undefined where the role does not aggregate. A selector that is not valid
 * throws.
 */
export function aggregateRules(role: ClusterRole, all: readonly ClusterRole[]): readonly PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const gathered: PolicyRule[] = [];
  const byName = [...all].sort((a, b) => (a.metadata.name! < b.metadata.name! ? -1 : 1));
  for (const selector of role.aggregationRule.clusterRoleSelectors ?? []) {
    for (const other of byName) {
      if (other.metadata.name === role.metadata.name || !selectorMatches(selector, other.metadata.labels ?? {}))
        continue;
      for (const rule of other.rules ?? []) if (!gathered.some((known) => sameRule(known, rule))) gathered.push(rule);
    }
  }
  return gathered;
}

/** Equal as upstream compares rules: absent and empty lists are the same. */
export function sameRule(a: PolicyRule, b: PolicyRule): boolean {
  return isDeepStrictEqual(normalized(a), normalized(b));
}

function normalized(rule: PolicyRule): readonly (readonly string[])[] {
  return [rule.verbs, rule.apiGroups ?? [], rule.resources ?? [], rule.resourceNames ?? [], rule.nonResourceURLs ?? []];
}

/** metav1.LabelSelector on labels; an empty selector matches everything. */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) if (labels[key] !== value) return false;
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const value = labels[key];
    if (operator === "In" && (value === undefined || !values.includes(value))) return false;
    else if (operator === "NotIn" && value !== undefined && values.includes(value)) return false;
    else if (operator === "Exists" && value === undefined) return false;
    else if (operator === "DoesNotExist" && value !== undefined) return false;
    else if (!["In", "NotIn", "Exists", "DoesNotExist"].includes(operator)) {
      throw new Error(`${JSON.stringify(operator)} is not a valid label selector operator`);
    }
  }
  return true;
}
