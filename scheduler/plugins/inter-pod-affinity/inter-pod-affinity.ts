import type { Pod } from "../../../api/generated/types/core-v1.ts";
import type { PodInfo } from "../../cache/pod-info.ts";
import type { Change, PodChange } from "../../framework/cluster-event.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { affinityFilter } from "./filter.ts";
import { affinityScore } from "./score.ts";

/** Pods that want to be beside others, or away from them (plugins/interpodaffinity). */
export const interPodAffinity: Plugin = {
  name: "InterPodAffinity",
  interests: [
    {
      events: ["AssignedPodAdd", "AssignedPodDelete", "PodLabel"],
      hint: (info, change) => change.kind === "Pod" && podHint(info, change),
    },
    { events: ["NodeAdd", "NodeLabel"], hint: nodeHint },
  ],
  preFilter: affinityFilter,
  preScore: affinityScore,
};

const noLabels = {};

/**
 * Whether a pod that came, went or was relabelled stands to one of the terms otherwise than before. Namespaces that a term
 * selects by label are taken to match: better once too often than never.
 */
function podHint({ uid, pod, affinity }: PodInfo, { old, pod: changed }: PodChange): boolean {
  if (changed?.metadata.uid === uid) return true;
  const placed = (one: Pod | undefined): boolean =>
    one === undefined || Boolean(one.spec.nodeName) || Boolean(one.status.nominatedNodeName);
  // A pod that was assumed and forgotten has no node in its spec, yet what it took is free.
  if (!placed(changed)) return false;
  const own = [...affinity.requiredAffinity, ...affinity.requiredAntiAffinity];
  const usesSelector = hasNamespaceSelector(pod);
  const matched = (one: Pod | undefined): boolean =>
    one !== undefined && own.some((term) => usesSelector || term.matches(one, noLabels));
  if (matched(old) || matched(changed)) return true;
  // Another's anti-affinity may have kept this pod out.
  const other = old ?? changed;
  return (other?.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
}

function hasNamespaceSelector({ spec: { affinity } }: Pod): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap(
    (one) => one?.requiredDuringSchedulingIgnoredDuringExecution ?? [],
  );
  return terms.some(({ namespaceSelector }) => namespaceSelector !== undefined);
}

/** Whether a node came to be of a topology that a term speaks of, or of another. */
function nodeHint({ affinity }: PodInfo, change: Change): boolean {
  if (change.kind !== "Node" || change.node === undefined) return false;
  const now = change.node.metadata.labels ?? {};
  const before = change.old?.metadata.labels ?? {};
  const keys = [...affinity.requiredAffinity, ...affinity.requiredAntiAffinity].map(({ topologyKey }) => topologyKey);
  // Without terms of its own, others' anti-affinity keeps it out, and any new or relabelled node may be out of its reach.
  if (keys.length === 0 || change.old === undefined) return true;
  return keys.some((key) => now[key] !== before[key]);
}
