import { aggregateRules } from "../../api/rbac/v1/aggregate-rules.ts";
import { ClusterRole } from "../../api/rbac/v1/cluster-role.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { Action } from "../runner/action.ts";

const fieldManager = "clusterrole-aggregation-controller";

export interface Observed {
  readonly role: ClusterRole;
  readonly all: readonly ClusterRole[];
}

/** A ClusterRole with an aggregation rule has the rules of those it selects (pkg/controller/clusterroleaggregation). */
export function plan({ role, all }: Observed): readonly Action[] {
  const rules = aggregateRules(role, all);
  if (rules === undefined || semanticEqual(rules, role.rules)) return [];
  const object = { metadata: { name: role.metadata.name ?? "" }, rules };
  return [{ type: "apply", resource: ClusterRole, object, fieldManager, force: true }];
}
