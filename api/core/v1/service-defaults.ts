import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import { isExternallyAccessible } from "./service-traits.ts";

/** Seconds that a client sticks to an endpoint where the service does not say (core/v1 DefaultClientIPServiceAffinitySeconds). */
const defaultAffinitySeconds = 10800;

/** Defaults that depend on other fields (pkg/apis/core/v1/defaults.go SetDefaults_Service). */
export function setServiceDefaults(service: Draft<Service>): void {
  const { spec } = service;
  if (spec.sessionAffinity === "None") delete spec.sessionAffinityConfig;
  if (spec.sessionAffinity === "ClientIP" && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: defaultAffinitySeconds } };
  }
  for (const port of spec.ports ?? []) {
    port.targetPort ||= port.port;
  }
  if (isExternallyAccessible(service)) spec.externalTrafficPolicy ||= "Cluster";
  if (spec.type === "ClusterIP" || spec.type === "NodePort" || spec.type === "LoadBalancer") {
    spec.internalTrafficPolicy ??= "Cluster";
  }
  if (spec.type === "LoadBalancer") {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const ingress of service.status.loadBalancer?.ingress ?? []) {
      if (ingress.ip) ingress.ipMode ??= "VIP";
    }
  }
}
