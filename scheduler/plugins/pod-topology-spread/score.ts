import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import { maxScore, type NodeScore } from "../../framework/plugin.ts";
import { constraintsOf, countMatching, hasAllKeys, hostnameKey, inclusion } from "./constraints.ts";

/** Prefers domains that have fewer of the pod's like (podtopologyspread/scoring.go). */
export function spreadScore({ pod }: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScore | undefined {
  const constraints = constraintsOf(pod, "ScheduleAnyway", snapshot);
  if (constraints.length === 0) return undefined;
  // By default constraints, nodes without a zone may still be spread by name.
  const needsAllKeys = (pod.spec.topologySpreadConstraints ?? []).length > 0;
  const { namespace } = pod.metadata;
  const ignored = new Set<NodeInfo>();
  const counts = constraints.map(() => new Map<string, number>());
  for (const node of nodes) {
    if (needsAllKeys && !hasAllKeys(node, constraints)) ignored.add(node);
    else {
      constraints.forEach(({ topologyKey }, i) => {
        if (topologyKey !== hostnameKey) counts[i]!.set(node.labels[topologyKey] ?? "", 0);
      });
    }
  }
  // Small topologies would else be lost beside large ones.
  const weights = constraints.map(({ topologyKey }, i) =>
    Math.log((topologyKey === hostnameKey ? nodes.length - ignored.size : counts[i]!.size) + 2),
  );
  const includes = inclusion(pod);
  const shared = constraints.some(({ topologyKey }) => topologyKey !== hostnameKey);
  for (const node of shared ? snapshot.nodes : []) {
    if (node.pods.size === 0 || (needsAllKeys && !hasAllKeys(node, constraints))) continue;
    constraints.forEach((constraint, i) => {
      const value = node.labels[constraint.topologyKey] ?? "";
      const before = counts[i]!.get(value);
      if (before === undefined || !includes(constraint, node)) return;
      counts[i]!.set(value, before + countMatching(node, constraint.matches, namespace));
    });
  }
  return {
    score(node) {
      if (ignored.has(node)) return 0;
      let score = 0;
      constraints.forEach(({ topologyKey, matches, maxSkew }, i) => {
        const value = node.labels[topologyKey];
        if (value === undefined) return;
        const count = topologyKey === hostnameKey ? countMatching(node, matches, namespace) : counts[i]!.get(value)!;
        score += count * weights[i]! + (maxSkew - 1);
      });
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
