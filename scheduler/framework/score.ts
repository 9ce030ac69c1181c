import type { NodeInfo } from "../cache/node-info.ts";
import type { DecisionInput } from "./decide.ts";

/** The feasible node with the highest sum of weighted scores; one of them by chance where several have it. */
export function bestNode(
  input: Omit<DecisionInput, "startIndex" | "nominations">,
  nodes: readonly NodeInfo[],
): NodeInfo {
  if (nodes.length === 1) return nodes[0]!;
  const totals = totalScores(input, nodes);
  let best = -Infinity;
  let found = 0;
  let chosen = nodes[0]!;
  for (let i = 0; i < nodes.length; i++) {
    const total = totals[i]!;
    if (total < best) continue;
    if (total > best) {
      best = total;
      found = 0;
    }
    found++;
    // Each of the best found so far is the chosen one with the same chance.
    if (found === 1 || input.random.below(found) === 0) chosen = nodes[i]!;
  }
  return chosen;
}

export function totalScores(
  { info, snapshot, profile }: Pick<DecisionInput, "info" | "snapshot" | "profile">,
  nodes: readonly NodeInfo[],
): Float64Array {
  const totals = new Float64Array(nodes.length);
  const scores = new Float64Array(nodes.length);
  for (const { plugin, weight } of profile.scores) {
    const prepared = plugin.preScore?.(info, snapshot, nodes);
    if (prepared === undefined) continue;
    for (let i = 0; i < nodes.length; i++) scores[i] = prepared.score(nodes[i]!);
    prepared.normalize?.(scores, nodes);
    for (let i = 0; i < nodes.length; i++) totals[i]! += weight * scores[i]!;
  }
  return totals;
}
