import type { NodeInfo } from "../cache/node-info.ts";
import type { PodInfo } from "../cache/pod-info.ts";
import type { Snapshot } from "../cache/snapshot.ts";
import type { Change, ClusterEvent } from "./cluster-event.ts";
import type { PostFilterInput } from "./post-filter.ts";
import type { Rejection } from "./status.ts";

/** Scores go from 0 to this, before weights. */
export const maxScore = 100;

/** The node's half of a plugin's verdict on one pod, with what `preFilter` has worked out for all nodes. */
export interface NodeFilter {
  /** Undefined where the pod may run on the node. Reads its arguments only. */
  filter(node: NodeInfo): Rejection | undefined;
  /** The only nodes worth looking at. Absent: all. */
  readonly nodeNames?: ReadonlySet<string>;
  /** For preemption's what-if: a pod came to a node, or left it. For plugins whose verdict on one node depends on others. */
  podAdded?(info: PodInfo, node: NodeInfo): void;
  podRemoved?(info: PodInfo, node: NodeInfo): void;
}

export interface NodeScore {
  /** Any integer where there is `normalize`, else 0 to 100. */
  score(node: NodeInfo): number;
  /** Brings the scores of all feasible nodes, in place, to 0 to 100. */
  normalize?(scores: Float64Array, nodes: readonly NodeInfo[]): void;
}

/** Something of the cluster that may make a pod schedulable which this plugin has rejected. */
export interface Interest {
  readonly events: readonly ClusterEvent[];
  /** Whether this change could. Absent: any of these events could. */
  hint?(info: PodInfo, change: Change): boolean;
}

export type PreFilterResult = NodeFilter | Rejection | undefined;
export type PostFilterResult =
  /** There will be room on a node when some pods are gone. */
  | { readonly type: "room"; readonly nominatedNodeName: string; readonly victims: readonly PodInfo[] }
  /** There is none to make; a nomination of before is taken back where it is "". */
  | { readonly type: "none"; readonly message: string; readonly nominatedNodeName?: string };

/**
 * One rule of where pods run (pkg/scheduler/framework). A plugin is pure: each point is a function of the pod, the snapshot
 * and what an earlier point of the same plugin returned; it waits for nothing, changes nothing and keeps nothing.
 */
export interface Plugin {
  /** Upstream's name: `NodeResourcesFit`. */
  readonly name: string;
  readonly interests: readonly Interest[];
  /** What keeps a pod out of the queue altogether. */
  preEnqueue?(info: PodInfo): Rejection | undefined;
  /** Once a pod: its filter, a rejection of all nodes, or undefined where the plugin has nothing to say of this pod. */
  preFilter?(info: PodInfo, snapshot: Snapshot): PreFilterResult;
  /** Where no node is feasible: may find room to make, or say why there is none. */
  postFilter?(input: PostFilterInput): PostFilterResult;
  /** Once a pod with several feasible nodes; undefined where all are alike to this plugin. */
  preScore?(info: PodInfo, snapshot: Snapshot, nodes: readonly NodeInfo[]): NodeScore | undefined;
}

export interface ScorePlugin {
  readonly plugin: Plugin;
  readonly weight: number;
}

export function isRejection(result: PreFilterResult): result is Rejection {
  return result !== undefined && "reasons" in result;
}
