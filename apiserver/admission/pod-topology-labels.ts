import type { Binding, Node, Pod } from "../../api/generated/types/core-v1.ts";
import type { Draft } from "../../apimachinery/resource/object.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionPlugin } from "./plugin.ts";
import { concerns } from "./refusal.ts";

const labels = ["topology.kubernetes.io/zone", "topology.kubernetes.io/region"];

/** Gives a pod its node's zone and region as it is bound, on the pod or on the binding (plugin/pkg/admission/podtopologylabels). */
export function podTopologyLabels(reader: ObjectReader, nodes: ResourceDefinition<Node>): AdmissionPlugin {
  return {
    name: "PodTopologyLabels",
    handles: (attributes) =>
      attributes.operation === "CREATE" &&
      (concerns(attributes, "", "pods") || concerns(attributes, "", "pods", "binding")),
    admit({ object, subresource }) {
      const target = subresource === "binding" ? (object as Draft<Binding>).target : undefined;
      const nodeName =
        target === undefined ? (object as Draft<Pod>).spec.nodeName : target.kind === "Node" ? target.name : undefined;
      if (!nodeName) return;
      const found = reader.get(nodes, "", nodeName)?.metadata.labels ?? {};
      const copied = Object.fromEntries(labels.flatMap((key) => (found[key] === undefined ? [] : [[key, found[key]]])));
      if (Object.keys(copied).length > 0) object!.metadata.labels = { ...object!.metadata.labels, ...copied };
    },
  };
}
