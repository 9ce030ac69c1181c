import type { Node } from "../../api/generated/types/core-v1.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

const key = "node.kubernetes.io/not-ready";
const effect = "NoSchedule";

/** A new node takes no pods before it is ready; the node lifecycle controller lifts the taint (plugin/pkg/admission/nodetaint). */
export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  handles: (attributes) => attributes.operation === "CREATE" && concerns(attributes, "", "nodes"),
  admit({ object }) {
    const node = object as Draft<Node>;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (!taints.some((taint) => taint.key === key && taint.effect === effect))
      node.spec.taints = [...taints, { key, effect }];
  },
};
