import type { Taint } from "../../../api/generated/types/core-v1.ts";
import type { Plugin } from "../../framework/plugin.ts";
import { rejection } from "../../framework/status.ts";
import { toleratesAny } from "../tolerations.ts";

const name = "NodeUnschedulable";
const cordoned = rejection(name, "node(s) were unschedulable", { unresolvable: true });
const taint: Taint = { key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" };

/** Cordoned nodes take only pods that tolerate the taint which says so (plugins/nodeunschedulable). */
export const nodeUnschedulable: Plugin = {
  name,
  interests: [
    {
      events: ["NodeAdd", "NodeTaint"],
      hint: (_, change) =>
        change.kind === "Node" &&
        change.node?.spec.unschedulable !== true &&
        (change.old === undefined || change.old.spec.unschedulable === true),
    },
    {
      events: ["PodToleration"],
      hint: (info, change) =>
        change.kind === "Pod" &&
        change.pod?.metadata.uid === info.uid &&
        toleratesAny(change.pod.spec.tolerations ?? [], taint),
    },
  ],
  preFilter({ pod }) {
    const tolerant = toleratesAny(pod.spec.tolerations ?? [], taint);
    return tolerant ? undefined : { filter: (node) => (node.unschedulable ? cordoned : undefined) };
  },
};
