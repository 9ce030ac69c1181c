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
  for (const total of totals) {
    if (total > best) {
      best = total;
      found = 1;
    } else if (total === best) found++;
  }
  let skip = found === 1 ? 0 : input.random.below(found);
  for (let i = 0; ; i++) if (totals[i] === best && skip-- === 0) return nodes[i]!;
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
