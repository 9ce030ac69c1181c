import { invalid } from "../../../../../apimachinery/field/errors.ts";
import { path } from "../../../../../apimachinery/field/path.ts";
import { semanticEqual } from "../../../../../apimachinery/json/equal.ts";
import type { Draft } from "../../../../../apimachinery/resource/object.ts";
import type { NodeAffinity, NodeSelectorTerm, PodSpec } from "../../../../generated/types/core-v1.ts";
import { goMap } from "../../../../go-values.ts";
import { internalValue } from "../../../../internal-values.ts";
import type { Check } from "./check.ts";

const selectorPath = path("spec", "nodeSelector");
const termsPath = path(
  "spec",
  "affinity",
  "nodeAffinity",
  "requiredDuringSchedulingIgnoredDuringExecution",
  "nodeSelectorTerms",
);

/**
 * While scheduling gates hold a pod back, where it may run can be narrowed: checks that it only is, and puts node selector
 * and node affinity of `spec` back to the old ones (KEP-3838).
 */
export function restoreGatedScheduling(check: Check, spec: Draft<PodSpec>, oldSpec: Draft<PodSpec>): void {
  if (!semanticEqual(spec.nodeSelector, oldSpec.nodeSelector)) {
    const { nodeSelector } = spec;
    for (const key in oldSpec.nodeSelector) {
      if (nodeSelector?.[key] === oldSpec.nodeSelector[key]) continue;
      const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
      check.errors.push(invalid(selectorPath, goMap(nodeSelector), detail));
      break;
    }
    if (oldSpec.nodeSelector === undefined) delete spec.nodeSelector;
    else spec.nodeSelector = oldSpec.nodeSelector;
  }
  const oldAffinity = oldSpec.affinity?.nodeAffinity;
  if (semanticEqual(spec.affinity?.nodeAffinity, oldAffinity)) return;
  validateNarrower(check, spec.affinity?.nodeAffinity, oldAffinity);
  const affinity = { ...spec.affinity };
  if (oldAffinity === undefined) delete affinity.nodeAffinity;
  else affinity.nodeAffinity = oldAffinity;
  if (oldSpec.affinity === undefined && Object.keys(affinity).length === 0) delete spec.affinity;
  else spec.affinity = affinity;
}

function requiredTerms(affinity: Draft<NodeAffinity> | undefined): readonly NodeSelectorTerm[] {
  return affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
}

function validateNarrower(
  check: Check,
  affinity: Draft<NodeAffinity> | undefined,
  old: Draft<NodeAffinity> | undefined,
): void {
  const terms = requiredTerms(affinity);
  const oldTerms = requiredTerms(old);
  if (oldTerms.length === 0) return;
  if (oldTerms.length !== terms.length) {
    const detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    check.errors.push(
      invalid(
        termsPath,
        internalValue("NodeSelectorTerm", affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms),
        detail,
      ),
    );
    return;
  }
  terms.forEach((term, i) => {
    if (hasOnlyAdditions(term, oldTerms[i]!)) return;
    check.errors.push(
      invalid(
        termsPath.index(i),
        internalValue("NodeSelectorTerm", term),
        "only additions are allowed (no mutations or deletions)",
      ),
    );
  });
}

/** Requirements are joined by AND: more of them allow fewer nodes, but a term without any allows none. */
function hasOnlyAdditions(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const { matchExpressions: expressions = [], matchFields: fields = [] } = term;
  const { matchExpressions: oldExpressions = [], matchFields: oldFields = [] } = old;
  if (oldExpressions.length + oldFields.length === 0 && expressions.length + fields.length > 0) return false;
  return (
    semanticEqual(expressions.slice(0, oldExpressions.length), oldExpressions) &&
    semanticEqual(fields.slice(0, oldFields.length), oldFields)
  );
}
