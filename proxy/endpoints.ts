import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import type { NodeFacts } from "./node-facts.ts";
import { type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from "./service-port.ts";

// Rules: pkg/proxy/endpoint.go, endpointslicecache.go, topology.go.

export interface Endpoint {
  readonly ip: string;
  readonly port: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly isLocal: boolean;
  readonly nodeHints: readonly string[];
  readonly zoneHints: readonly string[];
}

/** The endpoints of a service's port over all slices, in the order of their addresses, each address and port once. */
export function endpointsOf(
  port: ServicePort,
  slices: readonly EndpointSlice[],
  nodeName: string,
): readonly Endpoint[] {
  const found = new Map<string, Endpoint>();
  const addressType = port.family === "ip" ? "IPv4" : "IPv6";
  for (const slice of slices) {
    if (slice.addressType !== addressType) continue;
    for (const { name, port: number, protocol } of slice.ports ?? []) {
      if (number === undefined || (name ?? "") !== port.portName || protocol.toLowerCase() !== port.protocol) continue;
      for (const endpoint of slice.endpoints ?? []) {
        const ip = endpoint.addresses[0];
        if (ip === undefined) continue;
        const isLocal = endpoint.nodeName !== undefined && endpoint.nodeName === nodeName;
        const key = `${ip} . ${number}`;
        // While an endpoint moves between slices it is in two of them; the one that knows its node is the better.
        if (found.has(key) && !isLocal) continue;
        const { ready, serving, terminating } = endpoint.conditions ?? {};
        found.set(key, {
          ip,
          port: number,
          ready: ready ?? true,
          serving: serving ?? true,
          terminating: terminating ?? false,
          isLocal,
          nodeHints: (endpoint.hints?.forNodes ?? []).map((node) => node.name),
          zoneHints: (endpoint.hints?.forZones ?? []).map((zone) => zone.name),
        });
      }
    }
  }
  return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
}

export interface UsableEndpoints {
  /** For traffic policy Cluster. */
  readonly cluster: readonly Endpoint[];
  /** For traffic policy Local. */
  readonly local: readonly Endpoint[];
  /** Both together, each once. */
  readonly reachable: readonly Endpoint[];
  /** Some node has an endpoint, this one or another. */
  readonly hasAny: boolean;
}

/**
 * Ready endpoints; where there is none, those that still serve while they terminate, for Cluster and Local apart. Hints
 * narrow the ready ones to this node or zone, if every ready endpoint has one (KEP-1669, KEP-2433, KEP-3015).
 */
export function usableEndpoints(
  endpoints: readonly Endpoint[],
  port: ServicePort,
  { nodeName, zone }: Pick<NodeFacts, "nodeName" | "zone">,
): UsableEndpoints {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const lastResort = endpoints.filter(({ ready, serving, terminating }) => !ready && serving && terminating);
  const usable = ready.length > 0 ? ready : lastResort;
  const cluster = !usesClusterEndpoints(port) ? [] : ready.length > 0 ? near(ready, nodeName, zone) : lastResort;
  if (!usesLocalEndpoints(port)) return { cluster, local: [], reachable: cluster, hasAny: cluster.length > 0 };
  const localReady = ready.filter((endpoint) => endpoint.isLocal);
  const local = localReady.length > 0 ? localReady : lastResort.filter((endpoint) => endpoint.isLocal);
  return { cluster, local, reachable: [...new Set([...cluster, ...local])], hasAny: usable.length > 0 };
}

function near(ready: readonly Endpoint[], nodeName: string, zone: string): readonly Endpoint[] {
  if (ready.every(({ nodeHints }) => nodeHints.length > 0)) {
    const onNode = ready.filter(({ nodeHints }) => nodeHints.includes(nodeName));
    if (onNode.length > 0) return onNode;
  }
  if (ready.every(({ zoneHints }) => zoneHints.length > 0)) {
    const inZone = ready.filter(({ zoneHints }) => zoneHints.includes(zone));
    if (inZone.length > 0) return inZone;
  }
  return ready;
}
