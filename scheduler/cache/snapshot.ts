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
}
