import { maxScore, type Plugin } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";
import { normalize } from "../normalize.ts";
import { keepsOut, toleratesAny } from "../tolerations.ts";

const name = "TaintToleration";
const untolerated = rejection(name, "node(s) had untolerated taint(s)", { unresolvable: true });

/** Keeps pods off nodes whose taints they do not tolerate; prefers nodes with fewer soft ones (plugins/tainttoleration). */
export const taintToleration: Plugin = {
  name,
  interests: [
    {
      events: ["NodeAdd", "NodeTaint"],
      hint({ pod }, change) {
        if (change.kind !== "Node" || change.node === undefined) return false;
        const tolerations = pod.spec.tolerations ?? [];
        const was = change.old === undefined || keepsOut(change.old.spec.taints ?? [], tolerations);
        return was && !keepsOut(change.node.spec.taints ?? [], tolerations);
      },
    },
    {
      events: ["PodToleration"],
      hint: (info, change) => change.kind === "Pod" && change.pod?.metadata.uid === info.uid,
    },
  ],
  preFilter({ pod }) {
    const tolerations = pod.spec.tolerations ?? [];
    return { filter: ({ taints }) => (taints.length > 0 && keepsOut(taints, tolerations) ? untolerated : undefined) };
  },
  preScore({ pod }, _, nodes) {
    const isSoft = ({ effect }: { readonly effect?: string }): boolean => effect === "PreferNoSchedule";
    // Without soft taints all nodes have the most.
    if (!nodes.some(({ taints }) => taints.some(isSoft))) return { score: () => maxScore };
    const tolerations = (pod.spec.tolerations ?? []).filter((one) => !one.effect || isSoft(one));
    return {
      score: ({ taints }) => taints.filter((taint) => isSoft(taint) && !toleratesAny(tolerations, taint)).length,
      normalize: (scores) => normalize(scores, { reverse: true }),
    };
  },
};
