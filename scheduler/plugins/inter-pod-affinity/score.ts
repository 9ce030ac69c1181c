import type { AffinityTerm } from "../../cache/affinity-terms.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import { maxScore, type NodeScore } from "../../framework/plugin.ts";
import { TopologyCounts } from "./topology-counts.ts";

/** What a required affinity of a placed pod is worth to those it wants beside it (InterPodAffinityArgs). */
const hardWeight = 1;

/** How much the pod, and the pods already placed, would like to be together or apart (interpodaffinity/scoring.go). */
export function affinityScore(info: PodInfo, snapshot: Snapshot): NodeScore | undefined {
  const { preferredAffinity, preferredAntiAffinity } = info.affinity;
  const own = preferredAffinity.length > 0 || preferredAntiAffinity.length > 0;
  const scores = new TopologyCounts();
  const labelsOf = (one: PodInfo) => snapshot.namespaceLabels(one.pod.metadata.namespace ?? "");
  const ownLabels = labelsOf(info);
  const weigh = (
    terms: readonly AffinityTerm[],
    node: NodeInfo,
    sign: number,
    matches: (term: AffinityTerm) => boolean,
  ) => {
    for (const term of terms) if (matches(term)) scores.add(term.topologyKey, node.labels, sign * term.weight);
  };
  const look = (one: PodInfo, node: NodeInfo): void => {
    if (own) {
      const labels = labelsOf(one);
      const matchesOne = (term: AffinityTerm): boolean => term.matches(one.pod, labels);
      weigh(preferredAffinity, node, 1, matchesOne);
      weigh(preferredAntiAffinity, node, -1, matchesOne);
    }
    const matchesThis = (term: AffinityTerm): boolean => term.matches(info.pod, ownLabels);
    weigh(one.affinity.requiredAffinity, node, hardWeight, matchesThis);
    weigh(one.affinity.preferredAffinity, node, 1, matchesThis);
    weigh(one.affinity.preferredAntiAffinity, node, -1, matchesThis);
  };
  if (own) for (const node of snapshot.nodes) for (const one of node.pods.values()) look(one, node);
  else for (const node of snapshot.nodesWithAffinity) for (const one of node.podsWithAffinity) look(one, node);
  return scores.empty ? undefined : { score: ({ labels }) => scores.sum(labels), normalize: spreadOut };
}

/** The lowest becomes 0, the highest 100. */
function spreadOut(scores: Float64Array): void {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const score of scores) {
    lowest = Math.min(lowest, score);
    highest = Math.max(highest, score);
  }
  const range = highest - lowest;
  for (let i = 0; i < scores.length; i++) {
    scores[i] = range > 0 ? Math.trunc(maxScore * ((scores[i]! - lowest) / range)) : 0;
  }
}
