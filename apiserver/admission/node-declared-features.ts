import type { Container, Node, Pod, PodSpec } from "../../api/generated/types/core-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

/** Features that a node may declare, with the changes of its pods that need them (component-helpers/nodedeclaredfeatures). */
const needs: readonly (readonly [feature: string, isNeeded: (old: PodSpec, changed: PodSpec) => boolean])[] = [
  [
    "InPlacePodLevelResourcesVerticalScaling",
    (old, { resources }) =>
      (old.resources !== undefined || resources !== undefined) && !semanticEqual(old.resources, resources),
  ],
  [
    "InPlacePodVerticalScalingInitContainers",
    (old, { initContainers = [] }) =>
      (old.initContainers ?? []).some(
        (one, i) => one.restartPolicy !== "Always" && !sameResources(one, initContainers[i]),
      ),
  ],
];

const sameResources = (a: Container, b: Container | undefined): boolean =>
  semanticEqual(a.resources ?? {}, b?.resources ?? {});

/** Refuses changes of a bound pod that need what its node does not declare (plugin/pkg/admission/nodedeclaredfeatures). */
export function nodeDeclaredFeatures(reader: ObjectReader, nodes: ResourceDefinition<Node>): AdmissionPlugin {
  return {
    name: "NodeDeclaredFeatureValidator",
    handles: (attributes) =>
      attributes.operation === "UPDATE" &&
      (concerns(attributes, "", "pods") || concerns(attributes, "", "pods", "resize")),
    validate(attributes) {
      const { spec } = newObject<Pod>(attributes);
      const { nodeName } = spec;
      if (!nodeName) return;
      const needed = neededBy(attributes, spec);
      if (needed.length === 0) return;
      const node = reader.get(nodes, "", nodeName);
      if (node === undefined) throw refused(attributes, `node ${goQuote(nodeName)} not found`);
      const declared = new Set(node.status?.declaredFeatures);
      const lacking = needed.filter((feature) => !declared.has(feature));
      if (lacking.length === 0) return;
      const which = lacking.join(", ");
      throw refused(
        attributes,
        `pod update requires features ${which} which are not available on node ${goQuote(nodeName)}`,
      );
    },
  };
}

function neededBy({ oldObject }: AdmissionAttributes, spec: PodSpec): readonly string[] {
  const { spec: old } = oldObject as unknown as Pod;
  return needs.filter(([, isNeeded]) => isNeeded(old, spec)).map(([feature]) => feature);
}
