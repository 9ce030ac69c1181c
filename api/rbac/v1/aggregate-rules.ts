import { semanticEqual } from "../../../apimachinery/json/equal.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import { compareText } from "../../../apimachinery/text/go-quote.ts";
import type { ClusterRole, PolicyRule } from "../../generated/types/rbac-v1.ts";

/**
 * The rules an aggregated ClusterRole gathers from `all` others: selector by selector, by name, each distinct rule once
 * (pkg/controller/clusterroleaggregation). Undefined where the role does not aggregate. A selector that is not valid
 * throws.
 */
export function aggregateRules(role: ClusterRole, all: Iterable<ClusterRole>): readonly PolicyRule[] | undefined {
  if (role.aggregationRule === undefined) return undefined;
  const gathered: PolicyRule[] = [];
  const byName = [...all].sort((a, b) => compareText(a.metadata.name!, b.metadata.name!));
  for (const labelSelector of role.aggregationRule.clusterRoleSelectors ?? []) {
    const selector = fromLabelSelector(labelSelector);
    for (const other of byName) {
      if (other.metadata.name === role.metadata.name || !selector.matches(other.metadata.labels)) continue;
      for (const rule of other.rules ?? [])
        if (!gathered.some((known) => semanticEqual(known, rule))) gathered.push(rule);
    }
  }
  return gathered;
}
