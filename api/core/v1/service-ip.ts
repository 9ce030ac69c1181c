import type { Draft } from "../../../apimachinery/resource/object.ts";
import type { Service } from "../../generated/types/core-v1.ts";
import { familyOf, type IPFamily, keepsPreferredFamilies } from "./service-families.ts";
import {
  allocatesNodePorts,
  isHeadless,
  isNodePortType,
  needsHealthCheckNodePort,
  nodePortsOf,
  type ServiceView,
} from "./service-traits.ts";

// Which addresses and ports of nodes a service takes and gives back: pkg/registry/core/service/storage/alloc.go.
//
// The server's steps, for a create and (with `old`) an update, between `prepareFor…` and `validate`:
//   1. setServiceFamilies(draft, old, network): errors refuse the request
//   2. serviceNeeds(draft, old): take each of `clusterIPs`, `nodePorts`, `healthCheckNodePort` from its pool
//   3. applyAllocation(draft, needs, allocation)
//   4. once the write has succeeded give back `releases`; if it failed, give back what was taken

export interface ClusterIPNeed {
  /** Place in spec.clusterIPs. */
  readonly index: number;
  readonly family: IPFamily;
  /** The address that was asked for; any where absent. */
  readonly ip?: string;
}

export interface NodePortNeed {
  /** Places in spec.ports which get this one port: those with the same port number share it. */
  readonly indexes: readonly number[];
  /** The port that was asked for; any where absent. */
  readonly nodePort?: number;
}

export interface ServiceHoldings {
  readonly clusterIPs: readonly { readonly family: IPFamily; readonly ip: string }[];
  /** Ports of nodes, the one for health checks among them. */
  readonly nodePorts: readonly number[];
}

export interface ServiceNeeds {
  readonly clusterIPs: readonly ClusterIPNeed[];
  readonly nodePorts: readonly NodePortNeed[];
  readonly healthCheckNodePort?: { readonly nodePort?: number };
  /** What the old service held and the new one does not. */
  readonly releases: ServiceHoldings;
}

/** What was taken from the pools, in the order of the needs. */
export interface ServiceAllocation {
  readonly clusterIPs: readonly string[];
  readonly nodePorts: readonly number[];
  readonly healthCheckNodePort?: number;
}

/** What to take for a service that is created, or changed from `old`. Its families are set. */
export function serviceNeeds(service: ServiceView, old?: ServiceView): ServiceNeeds {
  const ips = old === undefined ? { needs: allClusterIPs(service), releases: [] } : changedClusterIPs(service, old);
  const ports = old === undefined ? { needs: newNodePorts(service), releases: [] } : changedNodePorts(service, old);
  const health = needsHealthCheckNodePort(service);
  const hadHealth = old !== undefined && needsHealthCheckNodePort(old);
  const asked = service.spec.healthCheckNodePort;
  const given = old?.spec.healthCheckNodePort;
  const released = hadHealth && !health && given ? [given] : [];
  return {
    clusterIPs: ips.needs,
    nodePorts: ports.needs,
    ...(health && !hadHealth ? { healthCheckNodePort: asked ? { nodePort: asked } : {} } : {}),
    releases: { clusterIPs: ips.releases, nodePorts: [...ports.releases, ...released] },
  };
}

/** Everything that a service which is gone held. */
export function serviceHoldings(service: ServiceView): ServiceHoldings {
  const { spec } = service;
  const addressless = spec.type === "ExternalName" || isHeadless(service);
  const ips = addressless ? [] : (spec.clusterIPs ?? []).filter((ip) => ip !== "");
  const health = needsHealthCheckNodePort(service) && spec.healthCheckNodePort ? [spec.healthCheckNodePort] : [];
  return {
    clusterIPs: ips.map((ip) => ({ family: familyOf(ip), ip })),
    nodePorts: [...nodePortsOf(service), ...health],
  };
}

/** Writes what was taken into the service. */
export function applyAllocation(draft: Draft<Service>, needs: ServiceNeeds, allocation: ServiceAllocation): void {
  const { spec } = draft;
  for (const [i, { index }] of needs.clusterIPs.entries()) {
    spec.clusterIPs ??= [];
    spec.clusterIPs[index] = allocation.clusterIPs[i]!;
    if (index === 0) spec.clusterIP = allocation.clusterIPs[i]!;
  }
  for (const [i, { indexes }] of needs.nodePorts.entries()) {
    for (const index of indexes) spec.ports![index]!.nodePort = allocation.nodePorts[i]!;
  }
  if (allocation.healthCheckNodePort !== undefined) spec.healthCheckNodePort = allocation.healthCheckNodePort;
}

function clusterIPNeed({ spec }: ServiceView, index: number): ClusterIPNeed {
  const ip = spec.clusterIPs?.[index];
  return { index, family: spec.ipFamilies![index] as IPFamily, ...(ip ? { ip } : {}) };
}

function allClusterIPs(service: ServiceView): readonly ClusterIPNeed[] {
  const { spec } = service;
  if (spec.type === "ExternalName" || spec.clusterIPs?.[0] === "None") return [];
  return (spec.ipFamilies ?? []).map((_, index) => clusterIPNeed(service, index));
}

interface Change<Need, Held> {
  readonly needs: readonly Need[];
  readonly releases: readonly Held[];
}

function changedClusterIPs(
  service: ServiceView,
  old: ServiceView,
): Change<ClusterIPNeed, ServiceHoldings["clusterIPs"][0]> {
  const nothing = { needs: [], releases: [] };
  if (keepsPreferredFamilies(service, old)) return nothing;
  if (old.spec.type === "ExternalName") return { needs: allClusterIPs(service), releases: [] };
  if (old.spec.clusterIPs?.[0] === "None") return nothing;
  const held = serviceHoldings(old).clusterIPs;
  if (service.spec.type === "ExternalName") return { needs: [], releases: held };
  const before = old.spec.ipFamilies?.length ?? 0;
  const now = service.spec.ipFamilies?.length ?? 0;
  if (before === 1 && now === 2) return { needs: [clusterIPNeed(service, 1)], releases: [] };
  if (before === 2 && now === 1) return { needs: [], releases: held.slice(1) };
  return nothing;
}

function newNodePorts(service: ServiceView): readonly NodePortNeed[] {
  if (!isNodePortType(service)) return [];
  const ports = service.spec.ports ?? [];
  const byPort = new Map<number, { indexes: number[]; nodePort?: number }>();
  const needs: { indexes: number[]; nodePort?: number }[] = [];
  for (const [i, { port, nodePort = 0 }] of ports.entries()) {
    // Without allocation, what was asked for is still honoured.
    if (nodePort === 0 && !allocatesNodePorts(service)) continue;
    const shared = byPort.get(port);
    if (shared === undefined) {
      const asked = ports.find((other) => other.port === port && other.nodePort)?.nodePort;
      const need = { indexes: [i], ...(asked ? { nodePort: asked } : {}) };
      byPort.set(port, need);
      needs.push(need);
    } else if (nodePort === 0 || nodePort === shared.nodePort) shared.indexes.push(i);
    else needs.push({ indexes: [i], nodePort });
  }
  return needs;
}

function changedNodePorts(service: ServiceView, old: ServiceView): Change<NodePortNeed, number> {
  const held = nodePortsOf(old);
  const oldType = isNodePortType(old);
  if (!isNodePortType(service)) return { needs: [], releases: oldType ? held : [] };
  const needs: NodePortNeed[] = [];
  const taken = new Set<number>(held);
  for (const [i, { nodePort = 0 }] of (service.spec.ports ?? []).entries()) {
    if (nodePort === 0) {
      if (allocatesNodePorts(service)) needs.push({ indexes: [i] });
    } else if (!taken.has(nodePort)) {
      taken.add(nodePort);
      needs.push({ indexes: [i], nodePort });
    }
  }
  const kept = new Set(nodePortsOf(service));
  return { needs, releases: [...new Set(held)].filter((nodePort) => !kept.has(nodePort)) };
}
