import type { Service, ServiceSpec } from "../../api/generated/types/core-v1.ts";
import type { Endpoint, EndpointSlice } from "../../api/generated/types/discovery-v1.ts";
import type { NodeFacts } from "../node-facts.ts";

// Services and slices of tests, in the addresses of `TestNetwork`.

export const facts: NodeFacts = {
  nodeName: "node-1",
  zone: "zone-a",
  nodeIPs: ["198.18.0.1", "fd00:18::1"],
  clusterCidrs: ["198.19.0.0/16", "fd00:19::/64"],
  serviceCidrs: ["198.18.128.0/17", "fd00:96::/112"],
  localServiceIPs: [],
  tableName: "k8ts-proxy",
  masqueradeMark: 0x4000,
};

export interface ServiceOptions extends Partial<Omit<ServiceSpec, "ports">> {
  readonly protocol?: "TCP" | "UDP";
  readonly port?: number;
  readonly nodePort?: number;
  readonly ingress?: readonly string[];
}

export function service(name: string, clusterIP: string, options: ServiceOptions = {}): Service {
  const { protocol = "TCP", port = 80, nodePort, ingress = [], ...spec } = options;
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: "default", name },
    spec: {
      type: nodePort === undefined ? "ClusterIP" : "NodePort",
      clusterIP,
      clusterIPs: [clusterIP],
      sessionAffinity: "None",
      ports: [{ name: "web", port, protocol, targetPort: 8080, ...(nodePort === undefined ? {} : { nodePort }) }],
      ...spec,
    },
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
  };
}

export function endpoint(ip: string, options: Partial<Endpoint> = {}): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: "node-1",
    ...options,
  };
}

export interface SliceOptions {
  readonly suffix?: string;
  readonly protocol?: "TCP" | "UDP";
  readonly addressType?: "IPv4" | "IPv6";
}

export function slice(
  serviceName: string,
  endpoints: readonly Endpoint[],
  { suffix = "1", protocol = "TCP", addressType = "IPv4" }: SliceOptions = {},
): EndpointSlice {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    addressType,
    metadata: {
      namespace: "default",
      name: `${serviceName}-${suffix}`,
      labels: { "kubernetes.io/service-name": serviceName },
    },
    ports: [{ name: "web", port: 8080, protocol }],
    endpoints,
  };
}
