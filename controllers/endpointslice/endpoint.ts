import type { Node } from "../../api/core/v1/node.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Service } from "../../api/core/v1/service.ts";
import type { Endpoint, EndpointHints, EndpointPort } from "../../api/generated/types/discovery-v1.ts";
import { formatIP, isIPv4, parseIP } from "../../apimachinery/net/ip.ts";
import { isPodReady } from "../pods/pod-state.ts";
import { findPort, hasHostname } from "../services/service-pods.ts";

// staging/src/k8s.io/endpointslice/utils.go, trafficdist/trafficdist.go.

export type AddressType = "IPv4" | "IPv6";

export interface EndpointOptions {
  readonly service: Service;
  /** The pod's node, where it is there. */
  readonly node: Node | undefined;
  readonly addressType: AddressType;
}

/** What a service says of a pod; undefined where the pod has no address of the family. */
export function endpointOf(pod: Pod, { service, node, addressType }: EndpointOptions): Endpoint | undefined {
  const addresses = addressesOf(pod, addressType);
  if (addresses.length === 0) return undefined;
  const { name, namespace, uid } = pod.metadata;
  const { nodeName, hostname } = pod.spec;
  const serving = isPodReady(pod);
  const terminating = pod.metadata.deletionTimestamp !== undefined;
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node?.metadata.labels?.["topology.kubernetes.io/zone"];
  const hints = ready ? hintsOf(service, zone, nodeName) : undefined;
  return {
    addresses,
    conditions: { ready, serving, terminating },
    targetRef: { kind: "Pod", namespace: namespace ?? "", name: name ?? "", uid: uid ?? "" },
    ...(nodeName === undefined || nodeName === "" ? {} : { nodeName }),
    ...(zone === undefined || zone === "" ? {} : { zone }),
    ...(hostname !== undefined && hasHostname(pod, service) ? { hostname } : {}),
    ...(hints === undefined ? {} : { hints }),
  };
}

function addressesOf({ status }: Pod, addressType: AddressType): readonly string[] {
  return (status?.podIPs ?? []).flatMap((entry) => {
    const ip = parseIP(entry.ip ?? "");
    return ip !== undefined && isIPv4(ip) === (addressType === "IPv4") ? [formatIP(ip)] : [];
  });
}

const closeDistributions: ReadonlySet<string> = new Set(["PreferClose", "PreferSameZone", "PreferSameNode"]);

/** Its older way to ask for that, which outranks the newer one. Zones are given no shares of endpoints here: there are no hints. */
function hasTopologyMode({ metadata: { annotations = {} } }: Service): boolean {
  const mode =
    annotations["service.kubernetes.io/topology-aware-hints"] ?? annotations["service.kubernetes.io/topology-mode"];
  return mode === "Auto" || mode === "auto";
}

/** Whom an endpoint should serve: its own zone or node, where the service prefers that. */
function hintsOf(service: Service, zone: string | undefined, nodeName: string | undefined): EndpointHints | undefined {
  const { trafficDistribution = "" } = service.spec;
  if (!closeDistributions.has(trafficDistribution) || hasTopologyMode(service)) return undefined;
  const forZones = zone === undefined || zone === "" ? [] : [{ name: zone }];
  const forNodes = trafficDistribution !== "PreferSameNode" || !nodeName ? [] : [{ name: nodeName }];
  if (forZones.length === 0 && forNodes.length === 0) return undefined;
  return { ...(forZones.length === 0 ? {} : { forZones }), ...(forNodes.length === 0 ? {} : { forNodes }) };
}

/** The service's ports as the pod has them; those that it does not have are left out. */
export function portsOf({ spec }: Service, pod: Pod): readonly EndpointPort[] {
  return (spec.ports ?? []).flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = "", protocol, appProtocol } = servicePort;
    return [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** Equal for equal sets of ports. */
export function portsKey(ports: readonly EndpointPort[]): string {
  return ports
    .map(({ name = "", port = 0, protocol, appProtocol = "" }) => JSON.stringify([name, port, protocol, appProtocol]))
    .sort()
    .join();
}

/** Equal for endpoints of one pod at one address: they are the same endpoint, maybe changed. */
export function endpointKey({ addresses, hostname = "", targetRef }: Endpoint): string {
  return `${[...addresses].sort().join()}|${hostname}|${targetRef?.namespace ?? ""}/${targetRef?.name ?? ""}`;
}
