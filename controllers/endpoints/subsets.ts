import type { Pod } from "../../api/core/v1/pod.ts";
import type { Service } from "../../api/core/v1/service.ts";
import type { EndpointAddress, EndpointPort, EndpointSubset } from "../../api/generated/types/core-v1.ts";
import { isPodReady } from "../pods/pod-state.ts";
import { findPort, hasHostname, isAddressable } from "../services/service-pods.ts";

// pkg/controller/endpoint, pkg/api/v1/endpoints.

interface Offer {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

interface PortOffers {
  readonly port: EndpointPort | undefined;
  readonly offers: Offer[];
}

/** The pods' addresses, each set of them once, with the ports that just this set has (RepackSubsets). */
export function subsetsOf(service: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const byPort = new Map<string, PortOffers>();
  for (const pod of pods) {
    const offer = offerOf(service, pod);
    if (offer === undefined) continue;
    for (const port of portsOf(service, pod)) {
      const key = JSON.stringify(port ?? null);
      const known = byPort.get(key);
      if (known === undefined) byPort.set(key, { port, offers: [offer] });
      else known.offers.push(offer);
    }
  }
  return canonical([...byPort.values()].map(subsetOf));
}

/** Undefined: the addresses of a headless service without ports. */
function portsOf({ spec }: Service, pod: Pod): readonly (EndpointPort | undefined)[] {
  const ports = spec.ports ?? [];
  if (ports.length === 0) return spec.clusterIP === "None" ? [undefined] : [];
  return ports.flatMap((servicePort) => {
    const port = findPort(pod, servicePort);
    if (port === undefined) return [];
    const { name = "", protocol, appProtocol } = servicePort;
    return [
      {
        ...(name === "" ? {} : { name }),
        port,
        protocol,
        ...(appProtocol === undefined ? {} : { appProtocol }),
      },
    ];
  });
}

function offerOf(service: Service, pod: Pod): Offer | undefined {
  const { publishNotReadyAddresses = false } = service.spec;
  if (!isAddressable(pod) || (pod.metadata.deletionTimestamp !== undefined && !publishNotReadyAddresses)) {
    return undefined;
  }
  const ip = addressOf(service, pod);
  if (ip === undefined) return undefined;
  const { name = "", namespace = "", uid = "" } = pod.metadata;
  const { nodeName, hostname } = pod.spec;
  const address = {
    ip,
    ...(nodeName ? { nodeName } : {}),
    ...(hostname !== undefined && hasHostname(pod, service) ? { hostname } : {}),
    targetRef: { kind: "Pod", namespace, name, uid },
  };
  return { address, ready: publishNotReadyAddresses || isPodReady(pod) };
}

/** The pod's address of the service's first family. */
function addressOf({ spec }: Service, { status }: Pod): string | undefined {
  const { ipFamilies = [], clusterIP = "" } = spec;
  const v6 = ipFamilies[0] === undefined ? clusterIP.includes(":") : ipFamilies[0] === "IPv6";
  return (status?.podIPs ?? []).map(({ ip = "" }) => ip).find((ip) => ip !== "" && ip.includes(":") === v6);
}

function subsetOf({ port, offers }: PortOffers): EndpointSubset {
  const addresses = offers.filter(({ ready }) => ready).map(({ address }) => address);
  const notReadyAddresses = offers.filter(({ ready }) => !ready).map(({ address }) => address);
  return { addresses, notReadyAddresses, ports: port === undefined ? [] : [port] };
}

/** Subsets of the same addresses are one; all is sorted, and what is empty is absent. Equal subsets look equal then. */
export function canonical(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const merged = new Map<string, EndpointSubset>();
  for (const subset of subsets) {
    const addresses = sorted(subset.addresses);
    const notReadyAddresses = sorted(subset.notReadyAddresses);
    const keyOf = ({ ip, targetRef }: EndpointAddress) => `${ip}|${targetRef?.uid ?? ""}`;
    const key = JSON.stringify([addresses.map(keyOf), notReadyAddresses.map(keyOf)]);
    const ports = [...(merged.get(key)?.ports ?? []), ...(subset.ports ?? [])].sort(byText);
    merged.set(key, {
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ...(ports.length === 0 ? {} : { ports }),
    });
  }
  return [...merged.values()].sort((a, b) => byText(a.ports, b.ports));
}

function sorted(addresses: readonly EndpointAddress[] = []): readonly EndpointAddress[] {
  const keyOf = ({ ip, targetRef }: EndpointAddress) => `${ip} ${targetRef?.uid ?? ""}`;
  return [...addresses].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function byText(a: unknown, b: unknown): number {
  const [first, second] = [JSON.stringify(a) ?? "", JSON.stringify(b) ?? ""];
  return first < second ? -1 : first > second ? 1 : 0;
}

export const capacity = 1000;

export function countAddresses(subsets: readonly EndpointSubset[]): number {
  return subsets.reduce((sum, one) => sum + (one.addresses?.length ?? 0) + (one.notReadyAddresses?.length ?? 0), 0);
}

/** At most `capacity` addresses: those that are not ready give way first, each subset in its proportion (truncateEndpoints). */
export function truncate(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const ready = subsets.reduce((sum, { addresses = [] }) => sum + addresses.length, 0);
  const notReady = countAddresses(subsets) - ready;
  if (ready + notReady <= capacity) return subsets;
  const field = ready > capacity ? "addresses" : "notReadyAddresses";
  const max = ready > capacity ? capacity : capacity - ready;
  const total = ready > capacity ? ready : notReady;
  let left = max;
  return subsets.map((subset) => {
    const addresses = subset[field] ?? [];
    const kept = addresses.slice(0, Math.min(left, Math.ceil((addresses.length / total) * max)));
    left -= kept.length;
    const { addresses: _a, notReadyAddresses: _n, ...ports } = subset;
    if (ready > capacity) return { ...ports, addresses: kept };
    return { ...subset, notReadyAddresses: kept };
  });
}
