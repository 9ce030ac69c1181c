import type { FieldError } from "../../../apimachinery/field/error.ts";
import { invalid, required } from "../../../apimachinery/field/errors.ts";
import { path } from "../../../apimachinery/field/path.ts";
import type { PolicyRule } from "../../generated/types/rbac-v1.ts";

const rulesPath = path("rules");

/** What a rule must name (pkg/apis/rbac/validation/validation.go ValidatePolicyRule). */
export function addRuleErrors(
  errors: FieldError[],
  rules: readonly PolicyRule[] | undefined,
  scope: "Namespaced" | "Cluster",
): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    const at = (field: string): ReturnType<typeof path> => rulesPath.index(i).child(field);
    if (!rule.verbs?.length) errors.push(required(at("verbs"), "verbs must contain at least one value"));
    const urls = rule.nonResourceURLs;
    if (urls?.length) {
      if (scope === "Namespaced") {
        const detail = "namespaced rules cannot apply to non-resource URLs";
        errors.push(invalid(at("nonResourceURLs"), urls, detail));
      }
      if (rule.apiGroups?.length || rule.resources?.length || rule.resourceNames?.length) {
        const detail = "rules cannot apply to both regular resources and non-resource URLs";
        errors.push(invalid(at("nonResourceURLs"), urls, detail));
      }
      continue;
    }
    if (!rule.apiGroups?.length) {
      errors.push(required(at("apiGroups"), "resource rules must supply at least one api group"));
    }
    if (!rule.resources?.length) {
      errors.push(required(at("resources"), "resource rules must supply at least one resource"));
    }
  }
}
