import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import {
  allocatesNodePorts,
  isExternallyAccessible,
  isNodePortType,
  needsClusterIP,
  needsHealthCheckNodePort,
  nodePortsOf,
  sameStrings,
} from "./service-traits.ts";

// What clients may leave out or forget: pkg/registry/core/service/storage/storage.go normalizeClusterIPs,
// patchAllocatedValues; pkg/registry/core/service/strategy.go dropTypeDependentFields.

/** Old clients know one address only: the list of addresses follows it. */
export function normalizeClusterIPs(draft: Draft<Service>, old: Service | undefined): void {
  const { spec } = draft;
  if (old === undefined) {
    if (spec.clusterIP && !spec.clusterIPs?.length) spec.clusterIPs = [spec.clusterIP];
    return;
  }
  // One that an old server stored has one address only, too.
  const before = old.spec.clusterIPs ?? (old.spec.clusterIP ? [old.spec.clusterIP] : []);
  const sameIP = (old.spec.clusterIP ?? "") === (spec.clusterIP ?? "");
  if (before.length > 0 && !spec.clusterIPs?.length && sameIP) spec.clusterIPs = [...before];
  if (sameIP || !sameStrings(before, spec.clusterIPs)) return;
  if (spec.clusterIP) spec.clusterIPs = [spec.clusterIP];
  else delete spec.clusterIPs;
}

/** Values the server chose stay where an update does not name others, so that the same manifest can be put again. */
export function keepAllocatedValues(draft: Draft<Service>, old: Service): void {
  const { spec } = draft;
  if (needsClusterIP(old) && needsClusterIP(draft)) {
    if (!spec.clusterIP && old.spec.clusterIP) spec.clusterIP = old.spec.clusterIP;
    if (!spec.clusterIPs?.length && old.spec.clusterIPs?.length) spec.clusterIPs = [...old.spec.clusterIPs];
  }
  if (allocatesNodePorts(old) && allocatesNodePorts(draft)) {
    const now = new Set(nodePortsOf(draft));
    const used = new Set(nodePortsOf(old).filter((nodePort) => now.has(nodePort)));
    const byName = new Map((old.spec.ports ?? []).map((port) => [port.name ?? "", port.nodePort ?? 0]));
    for (const port of spec.ports ?? []) {
      const before = byName.get(port.name ?? "") ?? 0;
      if (!port.nodePort && before !== 0 && !used.has(before)) port.nodePort = before;
    }
  }
  if (needsHealthCheckNodePort(old) && needsHealthCheckNodePort(draft)) {
    if (!spec.healthCheckNodePort && old.spec.healthCheckNodePort) {
      spec.healthCheckNodePort = old.spec.healthCheckNodePort;
    }
  }
}

/** A new type has no use for some fields: those go where the client did not touch them, for it may not know of them. */
export function dropTypeDependentFields(draft: Draft<Service>, old: Service): void {
  const { spec } = draft;
  if (needsClusterIP(old) && !needsClusterIP(draft)) {
    if ((old.spec.clusterIP ?? "") === (spec.clusterIP ?? "") && sameStrings(old.spec.clusterIPs, spec.clusterIPs)) {
      delete spec.clusterIP;
      delete spec.clusterIPs;
    }
    if (sameStrings(old.spec.ipFamilies, spec.ipFamilies)) delete spec.ipFamilies;
    if (old.spec.ipFamilyPolicy === spec.ipFamilyPolicy) delete spec.ipFamilyPolicy;
  }
  if (isNodePortType(old) && !isNodePortType(draft)) {
    const before = nodePortsOf(old);
    if (nodePortsOf(draft).every((nodePort) => before.includes(nodePort))) {
      for (const port of spec.ports ?? []) delete port.nodePort;
    }
  }
  if (needsHealthCheckNodePort(old) && !needsHealthCheckNodePort(draft)) {
    if ((old.spec.healthCheckNodePort ?? 0) === (spec.healthCheckNodePort ?? 0)) delete spec.healthCheckNodePort;
  }
  if (old.spec.type === "LoadBalancer" && spec.type !== "LoadBalancer") {
    if (old.spec.allocateLoadBalancerNodePorts === spec.allocateLoadBalancerNodePorts) {
      delete spec.allocateLoadBalancerNodePorts;
    }
    if (old.spec.loadBalancerClass === spec.loadBalancerClass) delete spec.loadBalancerClass;
  }
  if (isExternallyAccessible(old) && !isExternallyAccessible(draft)) {
    if ((old.spec.externalTrafficPolicy ?? "") === (spec.externalTrafficPolicy ?? ""))
      delete spec.externalTrafficPolicy;
  }
  if (spec.type !== "LoadBalancer") draft.status.loadBalancer = {};
}

/** A name elsewhere has no traffic of its own: what clients say of it is taken and never shown (defaultOnReadInternalTrafficPolicy). */
export function dropInternalTrafficPolicy({ spec }: Draft<Service>): void {
  const { type, internalTrafficPolicy: policy } = spec;
  if (type === "ExternalName" && (policy === "Cluster" || policy === "Local")) delete spec.internalTrafficPolicy;
}
