import type { Counts } from "../../cache/match-counts.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import { maxScore, type NodeScore } from "../../framework/plugin.ts";
import { type Constraint, constraintsOf, hasAllKeys, hostnameKey, inclusion } from "./constraints.ts";

/** Prefers domains that have fewer of the pod's like (podtopologyspread/scoring.go). */
export function spreadScore({ pod }: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScore | undefined {
  const constraints = constraintsOf(pod, "ScheduleAnyway", snapshot);
  if (constraints.length === 0) return undefined;
  // By default constraints, nodes without a zone may still be spread by name.
  const needsAllKeys = (pod.spec.topologySpreadConstraints ?? []).length > 0;
  const { namespace = "" } = pod.metadata;
  const ignored = new Set(needsAllKeys ? nodes.filter((node) => !hasAllKeys(node, constraints)) : []);
  const terms = constraints.map((constraint) => {
    const placed = snapshot.counts(namespace, constraint.match);
    const { topologyKey, maxSkew } = constraint;
    const isHostname = topologyKey === hostnameKey;
    const values = new Set<string | undefined>();
    if (!isHostname) for (const node of nodes) if (!ignored.has(node)) values.add(node.labels[topologyKey]);
    // Small topologies would else be lost beside large ones.
    const weight = Math.log((isHostname ? nodes.length - ignored.size : values.size) + 2);
    const totals = isHostname ? undefined : totalsOf(constraint, placed);
    return { topologyKey, extra: maxSkew - 1, weight, placed, totals };
  });
  /** A domain's pods, of nodes that count. */
  function totalsOf(constraint: Constraint, placed: Counts): ReadonlyMap<string, number> {
    const { all, includes } = inclusion(pod);
    if (!needsAllKeys && all(constraint)) return placed.byLabel(constraint.topologyKey);
    const totals = new Map<string, number>();
    for (const node of snapshot.nodes) {
      const count = placed.on(node);
      if (count === 0 || (needsAllKeys && !hasAllKeys(node, constraints)) || !includes(constraint, node)) continue;
      const value = node.labels[constraint.topologyKey] ?? "";
      totals.set(value, (totals.get(value) ?? 0) + count);
    }
    return totals;
  }
  return {
    score(node) {
      if (ignored.has(node)) return 0;
      let score = 0;
      for (const { topologyKey, extra, weight, placed, totals } of terms) {
        const value = node.labels[topologyKey];
        if (value !== undefined)
          score += (totals === undefined ? placed.on(node) : (totals.get(value) ?? 0)) * weight + extra;
      }
      return Math.round(score);
    },
    normalize: (scores, scored) => normalize(scores, scored, ignored),
  };
}

/** The fewest become 100; nodes that are ignored 0. */
function normalize(scores: Float64Array, nodes: readonly NodeInfo[], ignored: ReadonlySet<NodeInfo>): void {
  let lowest = Infinity;
  let highest = 0;
  for (let i = 0; i < scores.length; i++) {
    if (ignored.has(nodes[i]!)) continue;
    lowest = Math.min(lowest, scores[i]!);
    highest = Math.max(highest, scores[i]!);
  }
  for (let i = 0; i < scores.length; i++) {
    if (ignored.has(nodes[i]!)) scores[i] = 0;
    else if (highest === 0) scores[i] = maxScore;
    else scores[i] = Math.trunc((maxScore * (highest + lowest - scores[i]!)) / highest);
  }
}
