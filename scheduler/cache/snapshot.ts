import type { Pod } from "../../api/generated/types/core-v1.ts";
import type { PodDisruptionBudget } from "../../api/generated/types/policy-v1.ts";
import type { Counts, PodMatch } from "./match-counts.ts";
import type { NodeInfo } from "./node-info.ts";

export type Labels = Readonly<Record<string, string>>;

/** What a decision sees of the cluster. Nothing in it changes while the decision is made. */
export interface Snapshot {
  /** All nodes, zones in turn. */
  readonly nodes: readonly NodeInfo[];
  /** Those with pods that have affinity or anti-affinity of their own. */
  readonly nodesWithAffinity: Iterable<NodeInfo>;
  node(name: string): NodeInfo | undefined;
  namespaceLabels(namespace: string): Labels;
  /** On how many nodes an image is. */
  nodesWithImage(name: string): number;
  /** Where the pods of a set are, of one namespace. */
  counts(namespace: string, match: PodMatch): Counts;
  disruptionBudgets(): readonly PodDisruptionBudget[];
  /** What selects the pods that a pod is one of many of: its Service, ReplicaSet and the like. Undefined where there are none. */
  siblings(pod: Pod): PodMatch | undefined;
}
