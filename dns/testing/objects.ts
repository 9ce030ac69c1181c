import type { Namespace, Service, ServiceSpec } from "../../api/generated/types/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/types/discovery-v1.ts";

export function namespace(name: string): Namespace {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name }, spec: {}, status: { phase: "Active" } };
}

export function service(name: string, spec: Partial<ServiceSpec>, ofNamespace = "default"): Service {
  const clusterIPs = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: ofNamespace, name },
    spec: {
      type: "ClusterIP",
      sessionAffinity: "None",
      clusterIPs,
      ...(clusterIPs[0] === undefined ? {} : { clusterIP: clusterIPs[0] }),
      ...spec,
    },
    status: { loadBalancer: {} },
  };
}

export function port(name: string, number: number, protocol = "TCP") {
  return { name, port: number, protocol, targetPort: number };
}

export interface SliceOptions {
  readonly namespace?: string;
  readonly suffix?: string;
  readonly ports?: EndpointSlice["ports"];
  readonly addressType?: "IPv4" | "IPv6";
}

export function slice(serviceName: string, endpoints: readonly Endpoint[], options: SliceOptions = {}): EndpointSlice {
  const { suffix = "1", addressType = "IPv4", ports = [{ name: "web", port: 8080, protocol: "TCP" }] } = options;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    addressType,
    metadata: {
      namespace: options.namespace ?? "default",
      name: `${serviceName}-${suffix}`,
      labels: { "kubernetes.io/service-name": serviceName },
    },
    ports,
    endpoints,
  };
}

export function endpoint(ip: string, options: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [ip], conditions: { ready: true }, ...options };
}
