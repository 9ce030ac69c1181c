import type { AffinityTerm } from "../../cache/affinity-terms.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import type { NodeFilter } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";
import { TopologyCounts } from "./topology-counts.ts";

const name = "InterPodAffinity";
const unaffine = rejection(name, "node(s) didn't match pod affinity rules", { unresolvable: true });
const antiAffine = rejection(name, "node(s) didn't match pod anti-affinity rules", { unresolvable: false });
const othersAntiAffine = rejection(name, "node(s) didn't satisfy existing pods anti-affinity rules", {
  unresolvable: false,
});

/**
 * What required affinity and anti-affinity, the pod's own and that of pods already placed, leave of the nodes
 * (interpodaffinity/filtering.go). Counts, once a pod, which pods match where; each node is then a look at its labels.
 */
export function affinityFilter(info: PodInfo, snapshot: Snapshot): NodeFilter | undefined {
  const { requiredAffinity, requiredAntiAffinity } = info.affinity;
  const own = requiredAffinity.length > 0 || requiredAntiAffinity.length > 0;
  const affinity = new TopologyCounts();
  const antiAffinity = new TopologyCounts();
  const existing = new TopologyCounts();
  const labelsOf = (one: PodInfo) => snapshot.namespaceLabels(one.pod.metadata.namespace ?? "");
  const ownLabels = labelsOf(info);
  const countOwn = (one: PodInfo, node: NodeInfo, by: 1 | -1): void => {
    const labels = labelsOf(one);
    if (requiredAffinity.length > 0 && requiredAffinity.every((term) => term.matches(one.pod, labels))) {
      for (const { topologyKey } of requiredAffinity) affinity.add(topologyKey, node.labels, by);
    }
    for (const term of requiredAntiAffinity) {
      if (term.matches(one.pod, labels)) antiAffinity.add(term.topologyKey, node.labels, by);
    }
  };
  const countExisting = (one: PodInfo, node: NodeInfo, by: 1 | -1): void => {
    for (const term of one.affinity.requiredAntiAffinity) {
      if (term.matches(info.pod, ownLabels)) existing.add(term.topologyKey, node.labels, by);
    }
  };
  for (const node of snapshot.nodesWithAffinity) {
    for (const one of node.podsWithRequiredAntiAffinity) countExisting(one, node, 1);
  }
  if (own) for (const node of snapshot.nodes) for (const one of node.pods.values()) countOwn(one, node, 1);
  if (!own && existing.empty) return undefined;
  const matchesItself = requiredAffinity.every((term) => term.matches(info.pod, ownLabels));
  return {
    filter(node) {
      if (!isAffine(requiredAffinity, affinity, node, matchesItself)) return unaffine;
      for (const { topologyKey } of requiredAntiAffinity) {
        const value = node.labels[topologyKey];
        if (value !== undefined && antiAffinity.of(topologyKey, value) > 0) return antiAffine;
      }
      return existing.touches(node.labels) ? othersAntiAffine : undefined;
    },
    podAdded(one, node) {
      countOwn(one, node, 1);
      countExisting(one, node, 1);
    },
    podRemoved(one, node) {
      countOwn(one, node, -1);
      countExisting(one, node, -1);
    },
  };
}

/**
 * The node is of every topology that is asked for, and each has a matching pod; or there is none anywhere yet and the pod
 * would be the first of a group that wants to be together.
 */
function isAffine(
  terms: readonly AffinityTerm[],
  counts: TopologyCounts,
  { labels }: NodeInfo,
  matchesItself: boolean,
): boolean {
  let met = true;
  for (const { topologyKey } of terms) {
    const value = labels[topologyKey];
    if (value === undefined) return false;
    if (counts.of(topologyKey, value) <= 0) met = false;
  }
  return met || (counts.empty && matchesItself);
}
