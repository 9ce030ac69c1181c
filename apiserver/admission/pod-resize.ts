import { aggregateRequests } from "../../api/core/v1/pod/aggregate.ts";
import { addToList } from "../../api/core/v1/pod/resource-list.ts";
import { isPodLevelResource } from "../../api/core/v1/pod/resource-names.ts";
import type { Node, Pod } from "../../api/generated/types/core-v1.ts";
import { ApiError } from "../../apimachinery/errors/api-error.ts";
import { Quantity } from "../../apimachinery/quantity/quantity.ts";
import type { ResourceDefinition } from "../../apimachinery/resource/resource.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import type { ObjectReader } from "../registry/access.ts";
import type { AdmissionAttributes, AdmissionPlugin } from "./plugin.ts";
import { concerns, newObject, refused } from "./refusal.ts";

/** Refuses to resize a pod to what its node could never give (plugin/pkg/admission/podresize). */
export function podResize(reader: ObjectReader, nodes: ResourceDefinition<Node>): AdmissionPlugin {
  return {
    name: "PodResizeValidator",
    handles: (attributes) => attributes.operation === "UPDATE" && concerns(attributes, "", "pods", "resize"),
    validate(attributes) {
      const pod = newObject<Pod>(attributes);
      const { nodeName } = pod.spec;
      if (!nodeName || attributes.oldObject?.metadata.generation === pod.metadata.generation) return;
      const node = reader.get(nodes, "", nodeName);
      if (node === undefined) throw refused(attributes, `node ${goQuote(nodeName)} not found`);
      const os = node.metadata.labels?.["kubernetes.io/os"] ?? "linux";
      if (os !== "linux") {
        const text = `pod resize is only supported on linux nodes, node ${goQuote(nodeName)} is ${goQuote(os)}`;
        throw refusedBecause(attributes, text, "UnsupportedPlatform");
      }
      const lacks = lacking(pod, node);
      if (lacks.length === 0) return;
      const text = `node didn't have enough allocatable resources: ${lacks.join("; ")}`;
      throw refusedBecause(attributes, text, "NodeCapacity");
    },
  };
}

function lacking({ spec }: Pod, { status }: Node): string[] {
  const requests = aggregateRequests(spec);
  for (const [name, amount] of Object.entries(spec.resources?.requests ?? {})) {
    if (isPodLevelResource(name)) requests[name] = amount;
  }
  addToList(requests, spec.overhead);
  const of = (list: Readonly<Record<string, string>> | undefined, name: string) => Quantity.parse(list?.[name] ?? "0");
  const lacks: string[] = [];
  for (const name of ["cpu", "memory"]) {
    const [wanted, there] = [of(requests, name), of(status?.allocatable, name)];
    if (wanted.compare(there) <= 0) continue;
    const [requested, allocatable] = [wanted, there].map((one) => (name === "cpu" ? one.milliValue() : one.value()));
    lacks.push(`${name}, requested: ${requested}, allocatable: ${allocatable}`);
  }
  return lacks;
}

function refusedBecause(attributes: AdmissionAttributes, text: string, reason: string): ApiError {
  const { status } = refused(attributes, text);
  return new ApiError({ ...status, details: { ...status.details, causes: [{ reason }] } });
}
