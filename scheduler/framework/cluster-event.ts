import type { Node, Pod } from "../../api/generated/types/core-v1.ts";

/** What happened, in the kinds that matter to scheduling (kube-scheduler/framework ActionType). */
export type ClusterEvent =
  | "NodeAdd"
  | "NodeDelete"
  | "NodeAllocatable"
  | "NodeLabel"
  | "NodeTaint"
  | "NodeCondition"
  | "NodeAnnotation"
  /** A pod came to a node: bound by us or by another. */
  | "AssignedPodAdd"
  | "AssignedPodDelete"
  | "PodLabel"
  | "PodScaleDown"
  | "PodToleration"
  | "PodGatesEliminated"
  /** Any other update of a pod. */
  | "PodUpdate";

/** A cluster event and the node it happened to: before, after, or both. */
export interface NodeChange {
  readonly kind: "Node";
  readonly event: Extract<ClusterEvent, `Node${string}`>;
  readonly old?: Node;
  readonly node?: Node;
}

/** A cluster event and the pod it happened to. */
export interface PodChange {
  readonly kind: "Pod";
  readonly event: Exclude<ClusterEvent, `Node${string}`>;
  readonly old?: Pod;
  readonly pod?: Pod;
}

export type Change = NodeChange | PodChange;

/** Upstream's labels of these events, for metrics. */
export const eventLabels: Readonly<Record<ClusterEvent, string>> = {
  NodeAdd: "NodeAdd",
  NodeDelete: "NodeDelete",
  NodeAllocatable: "NodeUpdateNodeAllocatable",
  NodeLabel: "NodeUpdateNodeLabel",
  NodeTaint: "NodeUpdateNodeTaint",
  NodeCondition: "NodeUpdateNodeCondition",
  NodeAnnotation: "NodeUpdateNodeAnnotation",
  AssignedPodAdd: "AssignedPodAdd",
  AssignedPodDelete: "AssignedPodDelete",
  PodLabel: "PodUpdatePodLabel",
  PodScaleDown: "PodUpdatePodScaleDown",
  PodToleration: "PodUpdatePodToleration",
  PodGatesEliminated: "PodUpdatePodSchedulingGatesEliminated",
  PodUpdate: "PodUpdate",
};
