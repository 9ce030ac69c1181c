import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import { defineResource } from "../../../apimachinery/resource/define.ts";
import { type LabelSelector, validateLabelSelector } from "../../../apimachinery/validation/label-fields.ts";
import { pathSegmentName } from "../../../apimachinery/validation/names.ts";
import { defaultColumns } from "../../columns.ts";
import { definition } from "../../generated/definitions.ts";
import type * as types from "../../generated/types/rbac-v1.ts";
import { addRuleErrors } from "./rules.ts";

// Rules: pkg/apis/rbac/validation/validation.go ValidateClusterRole; pkg/registry/rbac/clusterrole/strategy.go.

export type ClusterRole = types.ClusterRole;

const selectorsPath = path("aggregationRule", "clusterRoleSelectors");

/** What may be done in the whole cluster, or, bound in a namespace, there. */
export const ClusterRole = defineResource<ClusterRole>({
  group: "rbac.authorization.k8s.io",
  version: "v1",
  kind: "ClusterRole",
  plural: "clusterroles",
  scope: "Cluster",
  schema: () => definition("io.k8s.api.rbac.v1.ClusterRole"),
  validateName: pathSegmentName,
  createOnUpdate: true,
  columns: defaultColumns,
  validate(role, old) {
    const errors: FieldError[] = [];
    addRuleErrors(errors, role.rules, "Cluster");
    if (role.aggregationRule !== undefined) addAggregationErrors(errors, role.aggregationRule, old);
    return errors;
  },
});

function addAggregationErrors(
  errors: FieldError[],
  { clusterRoleSelectors: selectors = [] }: types.AggregationRule,
  old: ClusterRole | undefined,
): void {
  if (selectors.length === 0) {
    const detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
    errors.push(required(selectorsPath, detail));
  }
  const options = { allowInvalidLabelValue: hasInvalidSelector(old) };
  for (const [i, selector] of selectors.entries()) {
    const place = selectorsPath.index(i);
    errors.push(...validateLabelSelector(selector, place, options));
    if (!canSelect(selector)) errors.push(invalid(place, null, "invalid label selector."));
  }
}

function hasInvalidSelector(role: ClusterRole | undefined): boolean {
  const selectors = role?.aggregationRule?.clusterRoleSelectors ?? [];
  return selectors.some((selector) => validateLabelSelector(selector, selectorsPath).length > 0);
}

/** Whether a selector can be made of it, whatever the stored object holds: upstream asks that apart. */
function canSelect(selector: LabelSelector): boolean {
  return validateLabelSelector(selector, selectorsPath).length === 0;
}
