import type { Node, Pod, TopologySpreadConstraint } from "../../../api/generated/types/core-v1.ts";
import { fromLabelSelector } from "../../../apimachinery/selectors/label-selector.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Change, PodChange } from "../../framework/cluster-event.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { spreadFilter } from "./filter.ts";
import { spreadScore } from "./score.ts";

/** Pods of one kind evenly over zones, nodes, or whatever labels tell apart (plugins/podtopologyspread). */
export const podTopologySpread: Plugin = {
  name: "PodTopologySpread",
  interests: [
    {
      events: ["AssignedPodAdd", "AssignedPodDelete", "PodLabel", "PodToleration"],
      hint: (info, change) => change.kind === "Pod" && podHint(info, change),
    },
    { events: ["NodeAdd", "NodeDelete", "NodeLabel", "NodeTaint"], hint: nodeHint },
  ],
  preFilter: spreadFilter,
  preScore: spreadScore,
};

function hard({ spec }: Pod): readonly TopologySpreadConstraint[] {
  return (spec.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === "DoNotSchedule",
  );
}

/** Whether a pod that came, went or was relabelled is one of those that are counted, or was. */
function podHint({ uid, pod }: PodInfo, { event, old, pod: changed }: PodChange): boolean {
  const other = changed ?? old;
  if (other === undefined) return false;
  if (other.metadata.uid === uid) {
    return event !== "PodToleration" || hard(pod).some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === "Honor");
  }
  if (event === "PodToleration" || other.metadata.namespace !== pod.metadata.namespace) return false;
  return hard(pod).some(({ labelSelector }) => {
    const selector = fromLabelSelector(labelSelector);
    const matches = (one: Pod | undefined): boolean => one !== undefined && selector.matches(one.metadata.labels);
    return event === "PodLabel" ? matches(old) !== matches(changed) : matches(other);
  });
}

/** Whether a node with all topologies came or went, or changed its own, or may count now for other taints. */
function nodeHint({ pod }: PodInfo, change: Change): boolean {
  if (change.kind !== "Node") return false;
  const constraints = hard(pod);
  const eligible = (node: Node | undefined): boolean =>
    node !== undefined && constraints.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined);
  const { old, node, event } = change;
  if (old === undefined || node === undefined) return eligible(node ?? old);
  if (event === "NodeTaint") return constraints.some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === "Honor");
  if (eligible(old) !== eligible(node)) return true;
  return (
    eligible(node) &&
    constraints.some(({ topologyKey }) => old.metadata.labels?.[topologyKey] !== node.metadata.labels?.[topologyKey])
  );
}
