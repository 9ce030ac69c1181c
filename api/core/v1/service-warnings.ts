import { path } from "../../../apimachinery/field/path.ts";
import { warningsForCIDR, warningsForIP } from "../../../apimachinery/validation/addresses.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import { noClusterIP } from "./service-traits.ts";

// Texts: pkg/api/service/warnings.go.

const specPath = path("spec");
const topologyHints = "service.kubernetes.io/topology-aware-hints";

export function* serviceWarnings({ metadata, spec }: Service): Iterable<string> {
  if (metadata.annotations?.[topologyHints] !== undefined) {
    yield `annotation ${topologyHints} is deprecated, please use service.kubernetes.io/topology-mode instead`;
  }
  const headless = spec.type === "ClusterIP" && spec.clusterIP === noClusterIP;
  const externalIPs = spec.externalIPs ?? [];
  if (spec.clusterIP && spec.clusterIP !== noClusterIP) {
    yield* addressWarnings("clusterIPs", spec.clusterIPs ?? []);
  }
  if (headless) {
    if (spec.loadBalancerIP) yield "spec.loadBalancerIP is ignored for headless services";
    if (externalIPs.length > 0) yield "spec.externalIPs is ignored for headless services";
    if (spec.sessionAffinity !== "None") yield "spec.SessionAffinity is ignored for headless services";
  }
  yield* addressWarnings("externalIPs", externalIPs);
  if (externalIPs.length > 0 && !headless && spec.type !== "ExternalName") {
    yield "spec.externalIPs is deprecated and may no longer be implemented in some clusters";
  }
  if (spec.loadBalancerIP) yield* warningsForIP(specPath.child("loadBalancerIP"), spec.loadBalancerIP);
  for (const [i, range] of (spec.loadBalancerSourceRanges ?? []).entries()) {
    yield* warningsForCIDR(specPath.child("loadBalancerSourceRanges").index(i), range);
  }
  if (spec.type === "ExternalName" && externalIPs.length > 0) {
    yield 'spec.externalIPs is ignored when spec.type is "ExternalName"';
  }
  if (spec.type !== "ExternalName" && spec.externalName) {
    yield 'spec.externalName is ignored when spec.type is not "ExternalName"';
  }
  if (spec.trafficDistribution === "PreferClose") {
    yield 'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"';
  }
}

function* addressWarnings(field: string, addresses: readonly string[]): Iterable<string> {
  for (const [i, address] of addresses.entries()) yield* warningsForIP(specPath.child(field).index(i), address);
}
