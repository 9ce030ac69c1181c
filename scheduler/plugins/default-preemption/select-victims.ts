import type { PodDisruptionBudget } from "../../../api/generated/types/policy-v1.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import { filterNode } from "../../framework/decide.ts";
import type { PostFilterInput } from "../../framework/post-filter.ts";
import { type Rejection, rejection } from "../../framework/status.ts";
import { compareImportance } from "./importance.ts";
import type { Candidate } from "./pick-candidate.ts";

const noVictims = rejection("DefaultPreemption", "No preemption victims found for incoming pod", {
  unresolvable: true,
});

/**
 * The fewest, least important pods without which a node would take this one: all less important ones go, then as many as
 * possible come back, first those that a budget keeps, the most important first (SelectVictimsOnNode). The filters are as
 * they were when this returns.
 */
export function selectVictims(
  input: Pick<PostFilterInput, "info" | "filters" | "nominations">,
  node: NodeInfo,
  budgets: readonly PodDisruptionBudget[],
): Omit<Candidate, "node"> | Rejection {
  const { info, filters } = input;
  const lesser = Array.from(node.pods.values()).filter(({ priority }) => priority < info.priority);
  if (lesser.length === 0) return noVictims;
  const without = node.copy();
  const remove = (one: PodInfo): void => {
    without.remove(one.uid);
    for (const filter of filters) filter.podRemoved?.(one, without);
  };
  const add = (one: PodInfo): void => {
    without.add(one);
    for (const filter of filters) filter.podAdded?.(one, without);
  };
  const fits = (): Rejection | undefined => filterNode(input, filters, without);
  for (const one of lesser) remove(one);
  const stillRejected = fits();
  if (stillRejected !== undefined) {
    for (const one of lesser) add(one);
    return stillRejected;
  }
  const { violating, others } = splitByBudgets(lesser.sort(compareImportance), budgets);
  const victims: PodInfo[] = [];
  const staysAfterAll = (one: PodInfo): boolean => {
    add(one);
    if (fits() === undefined) return true;
    remove(one);
    victims.push(one);
    return false;
  };
  const violations = violating.filter((one) => !staysAfterAll(one)).length;
  for (const one of others) staysAfterAll(one);
  for (const one of victims) add(one);
  return { victims: victims.sort(compareImportance), violations };
}

/** Which pods, were they to go in this order, a PodDisruptionBudget would keep (filterPodsWithPDBViolation). */
function splitByBudgets(pods: readonly PodInfo[], budgets: readonly PodDisruptionBudget[]) {
  const allowed = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    selector: fromLabelSelector(spec.selector),
    disrupted: status.disruptedPods ?? {},
    left: status.disruptionsAllowed,
  }));
  const violating: PodInfo[] = [];
  const others: PodInfo[] = [];
  for (const one of pods) {
    const { namespace, labels = {}, name = "" } = one.pod.metadata;
    let violates = false;
    for (const budget of allowed) {
      if (budget.namespace !== namespace || Object.keys(labels).length === 0) continue;
      if (budget.selector.empty || !budget.selector.matches(labels)) continue;
      // One that is on its way out already has been counted.
      if (Object.hasOwn(budget.disrupted, name)) continue;
      if (--budget.left < 0) violates = true;
    }
    (violates ? violating : others).push(one);
  }
  return { violating, others };
}
