import type { Pod, TopologySpreadConstraint } from "../../../api/generated/types/core-v1.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import type { PodMatch } from "../../cache/match-counts.ts";
import type { NodeInfo } from "../../cache/node-info.ts";
import type { Snapshot } from "../../cache/snapshot.ts";
import { type NodeMatch, requiredNodeMatch } from "../node-affinity/node-selector.ts";
import { keepsOut } from "../tolerations.ts";

export const hostnameKey = "kubernetes.io/hostname";
type Action = "DoNotSchedule" | "ScheduleAnyway";

/** One constraint, ready to be counted (podtopologyspread/common.go). */
export interface Constraint {
  readonly topologyKey: string;
  readonly maxSkew: number;
  readonly minDomains: number;
  /** The pods that count. */
  readonly match: PodMatch;
  readonly honorsAffinity: boolean;
  readonly honorsTaints: boolean;
}

/** Applied where a pod states none: its like are spread over zones and nodes, as far as it costs nothing (systemDefaultConstraints). */
const systemDefaults: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostnameKey, maxSkew: 3, whenUnsatisfiable: "ScheduleAnyway" },
  { topologyKey: "topology.kubernetes.io/zone", maxSkew: 5, whenUnsatisfiable: "ScheduleAnyway" },
];

export function constraintsOf(pod: Pod, action: Action, snapshot: Snapshot): readonly Constraint[] {
  const stated = pod.spec.topologySpreadConstraints ?? [];
  if (stated.length > 0) {
    return stated
      .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === action)
      .map((constraint) => constraintOf(constraint, statedMatch(constraint, pod)));
  }
  if (action === "DoNotSchedule") return [];
  const siblings = snapshot.siblings(pod);
  return siblings === undefined ? [] : systemDefaults.map((constraint) => constraintOf(constraint, siblings));
}

function constraintOf(constraint: TopologySpreadConstraint, match: PodMatch): Constraint {
  const {
    topologyKey,
    maxSkew,
    minDomains = 1,
    nodeAffinityPolicy = "Honor",
    nodeTaintsPolicy = "Ignore",
  } = constraint;
  return {
    ...{ topologyKey, maxSkew, minDomains, match },
    honorsAffinity: nodeAffinityPolicy === "Honor",
    honorsTaints: nodeTaintsPolicy === "Honor",
  };
}

function statedMatch({ labelSelector, matchLabelKeys = [] }: TopologySpreadConstraint, { metadata }: Pod): PodMatch {
  const selector = fromLabelSelector(labelSelector);
  const own = metadata.labels ?? {};
  const same = matchLabelKeys.filter((key) => own[key] !== undefined);
  // One that selects everything counts nothing, says upstream's countPodsMatchSelector.
  if (selector.empty && same.length === 0) return { key: "none", matches: () => false };
  return {
    key: [labelSelector === undefined ? "nothing" : `${selector}`, ...same.map((key) => `${key}=${own[key]}`)].join(
      ";",
    ),
    matches: (labels) => selector.matches(labels) && same.every((key) => labels?.[key] === own[key]),
  };
}

/** Whether a pod's own affinity and tolerations, where a constraint honors them, let a node's pods count. */
export interface Inclusion {
  /** All nodes count for this constraint. */
  all(constraint: Constraint): boolean;
  includes(constraint: Constraint, node: NodeInfo): boolean;
}

export function inclusion(pod: Pod): Inclusion {
  const match: NodeMatch | undefined = requiredNodeMatch(pod);
  const tolerations = pod.spec.tolerations ?? [];
  return {
    all: ({ honorsAffinity, honorsTaints }) => !(honorsAffinity && match !== undefined) && !honorsTaints,
    includes: ({ honorsAffinity, honorsTaints }, node) =>
      !(honorsAffinity && match !== undefined && !match(node)) && !(honorsTaints && keepsOut(node.taints, tolerations)),
  };
}

export function hasAllKeys({ labels }: Pick<NodeInfo, "labels">, constraints: readonly Constraint[]): boolean {
  for (const { topologyKey } of constraints) if (labels[topologyKey] === undefined) return false;
  return true;
}
