import type { Service, ServicePort as ServicePortSpec } from "../api/generated/types/core-v1.ts";
import { formatIP, parseIP } from "../apimachinery/net/ip.ts";
import { type Family, familyOf } from "./ruleset.ts";

// Rules: pkg/proxy/serviceport.go, servicechangetracker.go.

export type Protocol = "tcp" | "udp" | "sctp";

/** One port of a service, in one family: all of the service that rules depend on. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly portName: string;
  readonly family: Family;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  /** 0 where it has none. */
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  readonly loadBalancerSourceRanges: readonly string[];
  /** How long a client stays with its endpoint; absent without session affinity. */
  readonly affinitySeconds?: number;
  readonly internalPolicyLocal: boolean;
  readonly externalPolicyLocal: boolean;
}

const defaultAffinitySeconds = 10_800;
const otherProxyLabel = "service.kubernetes.io/service-proxy-name";

/** Whether a service asks for rules at all: it has an address, and no other proxy claims it. */
export function isProxied({ metadata, spec }: Service): boolean {
  if (metadata.labels?.[otherProxyLabel] !== undefined) return false;
  return (
    spec.type !== "ExternalName" && spec.clusterIP !== undefined && spec.clusterIP !== "" && spec.clusterIP !== "None"
  );
}

export function servicePorts(service: Service): readonly ServicePort[] {
  if (!isProxied(service)) return [];
  const addresses = canonical(service.spec.clusterIPs?.length ? service.spec.clusterIPs : [service.spec.clusterIP]);
  return addresses.flatMap((clusterIP) =>
    (service.spec.ports ?? []).map((port) => servicePort(service, clusterIP, port)),
  );
}

/** One spelling an address, for addresses are keys; what is none is left out. */
function canonical(texts: readonly (string | undefined)[]): readonly string[] {
  return texts.flatMap((text) => {
    const address = parseIP(text ?? "");
    return address === undefined ? [] : [formatIP(address)];
  });
}

function servicePort(service: Service, clusterIP: string, port: ServicePortSpec): ServicePort {
  const { metadata, spec, status } = service;
  const family = familyOf(clusterIP);
  const ofFamily = (texts: readonly string[]): readonly string[] => texts.filter((text) => familyOf(text) === family);
  // With ipMode Proxy the load balancer itself must see the packets.
  const ingress = (status.loadBalancer.ingress ?? []).filter(({ ipMode }) => ipMode !== "Proxy");
  const loadBalancerIPs = spec.type === "LoadBalancer" ? ofFamily(canonical(ingress.map(({ ip }) => ip))) : [];
  const externalIPs = ofFamily(canonical(spec.externalIPs ?? []));
  const nodePort = port.nodePort ?? 0;
  const accessible = nodePort !== 0 || loadBalancerIPs.length > 0 || externalIPs.length > 0;
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name ?? "",
    portName: port.name ?? "",
    family,
    protocol: port.protocol.toLowerCase() as Protocol,
    clusterIP,
    port: port.port,
    nodePort,
    externalIPs,
    loadBalancerIPs,
    loadBalancerSourceRanges: ofFamily((spec.loadBalancerSourceRanges ?? []).map((text) => text.trim())),
    ...(spec.sessionAffinity === "ClientIP"
      ? { affinitySeconds: spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? defaultAffinitySeconds }
      : {}),
    internalPolicyLocal: spec.internalTrafficPolicy === "Local",
    externalPolicyLocal: accessible && spec.externalTrafficPolicy === "Local",
  };
}

/** It is reachable by other addresses than its ClusterIP. */
export function isExternallyAccessible({ nodePort, loadBalancerIPs, externalIPs }: ServicePort): boolean {
  return nodePort !== 0 || loadBalancerIPs.length > 0 || externalIPs.length > 0;
}

/** External traffic with policy Local needs all endpoints too: pods and the node itself are sent anywhere. */
export function usesClusterEndpoints(port: ServicePort): boolean {
  return !port.internalPolicyLocal || isExternallyAccessible(port);
}

export function usesLocalEndpoints(port: ServicePort): boolean {
  return port.internalPolicyLocal || port.externalPolicyLocal;
}
