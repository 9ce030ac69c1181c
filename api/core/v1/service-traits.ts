import type { Service } from "../../generated/types/core-v1.ts";

// What a service is, from its fields: pkg/api/service/util.go, pkg/registry/core/service/storage/storage.go.

export const noClusterIP = "None";

/** A service as rules read it: frozen or a draft. */
export type ServiceView = Pick<Service, "spec">;

/** It has neither address nor proxy: its name resolves to its endpoints. */
export function isHeadless({ spec }: ServiceView): boolean {
  return spec.clusterIPs?.length === 1 && spec.clusterIPs[0] === noClusterIP;
}

/** Only an alias for another name (ExternalName) lives without addresses of its own. */
export function needsClusterIP({ spec }: ServiceView): boolean {
  return spec.type !== "ExternalName";
}

/** Its type opens a port on every node. */
export function isNodePortType({ spec }: ServiceView): boolean {
  return spec.type === "NodePort" || spec.type === "LoadBalancer";
}

/** Ports of nodes are given to it without being asked for. */
export function allocatesNodePorts({ spec }: ServiceView): boolean {
  return spec.type === "NodePort" || (spec.type === "LoadBalancer" && spec.allocateLoadBalancerNodePorts !== false);
}

/** Traffic from outside of the cluster may reach it. */
export function isExternallyAccessible({ spec }: ServiceView): boolean {
  return (
    spec.type === "LoadBalancer" ||
    spec.type === "NodePort" ||
    (spec.type === "ClusterIP" && (spec.externalIPs?.length ?? 0) > 0)
  );
}

/** Its load balancer asks a port of each node whether endpoints live there. */
export function needsHealthCheckNodePort({ spec }: ServiceView): boolean {
  return spec.type === "LoadBalancer" && spec.externalTrafficPolicy === "Local";
}

/** Ports of nodes that its ports hold, zeros left out. */
export function nodePortsOf({ spec }: ServiceView): readonly number[] {
  return (spec.ports ?? []).map((port) => port.nodePort ?? 0).filter((nodePort) => nodePort !== 0);
}

export function sameStrings(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  const left = a ?? [];
  const right = b ?? [];
  return left.length === right.length && left.every((text, i) => text === right[i]);
}
