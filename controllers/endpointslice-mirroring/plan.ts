import { Endpoints } from "../../api/core/v1/endpoints.ts";
import type { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { EndpointAddress } from "../../api/generated/types/core-v1.ts";
import type { Endpoint, EndpointPort } from "../../api/generated/types/discovery-v1.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { formatIP, isIPv4, parseIP } from "../../apimachinery/net/ip.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import { canonical } from "../endpoints/subsets.ts";
import { endpointKey, portsKey } from "../endpointslice/endpoint.ts";
import { managedByLabel, serviceNameLabel } from "../endpointslice/plan.ts";
import type { Action } from "../runner/action.ts";
import { controllerReference } from "../runner/claim.ts";
import type { Summary } from "../runner/controller.ts";

// pkg/controller/endpointslicemirroring.

export const controllerName = "endpointslicemirroring-controller.k8s.io";
const skipLabel = "endpointslice.kubernetes.io/skip-mirror";
const leader = "control-plane.alpha.kubernetes.io/leader";
const unmirrored: ReadonlySet<string> = new Set([
  "endpoints.kubernetes.io/last-change-trigger-time",
  "kubectl.kubernetes.io/last-applied-configuration",
]);
/** --mirroring-max-endpoints-per-subset */
const maxAddresses = 1000;

export interface Observed {
  readonly endpoints: Endpoints;
  /** Of the same name. */
  readonly service: Service | undefined;
  /** Those that mirror these Endpoints already. */
  readonly slices: readonly EndpointSlice[];
}

/** Endpoints of services without a selector, which somebody else writes, show as EndpointSlices too. */
export function plan({ endpoints, service, slices }: Observed): readonly Action[] {
  if (!isMirrored(endpoints, service)) return planGone(slices);
  const { groups } = groupsOf(endpoints);
  const existing = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = keyOf(slice.addressType, slice.ports ?? []);
    existing.set(key, [...(existing.get(key) ?? []), slice]);
  }
  const creates: Group[] = [];
  const updates: Action[] = [];
  const spare: EndpointSlice[] = [];
  for (const [key, there] of existing) spare.push(...(groups.has(key) ? there.slice(1) : there));
  for (const [key, group] of groups) {
    const slice = existing.get(key)?.[0];
    if (slice === undefined) creates.push(group);
    else if (!shows(slice, group, endpoints)) updates.push(updateSlice(slice, group, endpoints));
  }
  for (const group of creates.splice(0)) {
    // A slice that would go is used again; its family is for good.
    const at = spare.findIndex(({ addressType }) => addressType === group.addressType);
    if (at < 0) creates.push(group);
    else updates.push(updateSlice(spare.splice(at, 1)[0]!, group, endpoints));
  }
  const dying = endpoints.metadata.deletionTimestamp !== undefined;
  return [...(dying ? [] : creates.map((group) => createSlice(group, endpoints))), ...updates, ...planGone(spare)];
}

export function planGone(slices: readonly EndpointSlice[]): readonly Action[] {
  return slices.map(({ metadata: { name = "", namespace, uid = "" } }) => ({
    type: "delete",
    resource: EndpointSlice,
    namespace,
    name,
    uid,
  }));
}

/** Says what could not be mirrored, once for each state of the Endpoints. */
export function summarize({ endpoints, service, slices }: Observed): Summary {
  const { invalid, beyond } = groupsOf(endpoints);
  // Only where something is written: not each time that somebody looks.
  if (invalid + beyond === 0 || plan({ endpoints, service, slices }).length === 0) return {};
  const events = [];
  if (invalid > 0) {
    const message = `Skipped ${invalid} invalid IP addresses when mirroring to EndpointSlices`;
    events.push({ type: "Warning", reason: "InvalidIPAddress", message } as const);
  }
  if (beyond > 0) {
    const message = `A max of ${maxAddresses} addresses can be mirrored to EndpointSlices per Endpoints subset. ${invalid + beyond} addresses were skipped`;
    events.push({ type: "Warning", reason: "TooManyAddressesToMirror", message } as const);
  }
  return { events };
}

function isMirrored({ metadata: { labels, annotations } }: Endpoints, service: Service | undefined): boolean {
  return (
    service !== undefined &&
    service.spec.selector === undefined &&
    labels?.[skipLabel] !== "true" &&
    annotations?.[leader] === undefined
  );
}

interface Group {
  readonly addressType: string;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

function keyOf(addressType: string, ports: readonly EndpointPort[]): string {
  return `${addressType} ${portsKey(ports)}`;
}

/** What to mirror, by family and ports; how many addresses are none, and how many too many. */
function groupsOf({ subsets = [] }: Endpoints) {
  const groups = new Map<string, Group>();
  let invalid = 0;
  let beyond = 0;
  for (const { addresses = [], notReadyAddresses = [], ports: given = [] } of canonical(subsets)) {
    const ports = given.map((port): EndpointPort => ({ ...port, name: port.name ?? "" }));
    const all = [
      ...addresses.map((address) => ({ address, ready: true })),
      ...notReadyAddresses.map((address) => ({ address, ready: false })),
    ];
    let added = 0;
    for (const { address, ready } of all) {
      if (added === maxAddresses) {
        beyond++;
        continue;
      }
      const ip = parseIP(address.ip);
      if (ip === undefined) {
        invalid++;
        continue;
      }
      added++;
      const addressType = isIPv4(ip) ? "IPv4" : "IPv6";
      const key = keyOf(addressType, ports);
      const group = groups.get(key) ?? { addressType, ports, endpoints: [] };
      groups.set(key, group);
      group.endpoints.push(endpointOf(address, formatIP(ip), ready));
    }
  }
  return { groups, invalid, beyond };
}

function endpointOf({ targetRef, nodeName, hostname }: EndpointAddress, ip: string, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(hostname === undefined || hostname === "" ? {} : { hostname }),
  };
}

function labelsOf({ metadata: { name = "", labels } }: Endpoints): Readonly<Record<string, string>> {
  return { ...labels, [serviceNameLabel]: name, [managedByLabel]: controllerName };
}

function annotationsOf({ metadata: { annotations = {} } }: Endpoints): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).filter(([name]) => !unmirrored.has(name)));
}

function shows(slice: EndpointSlice, { endpoints: wanted }: Group, endpoints: Endpoints): boolean {
  const sorted = (list: readonly Endpoint[]) => [...list].sort((a, b) => (endpointKey(a) < endpointKey(b) ? -1 : 1));
  const { annotations = {}, labels } = slice.metadata;
  return (
    semanticEqual(sorted(slice.endpoints ?? []), sorted(wanted)) &&
    semanticEqual(labels, labelsOf(endpoints)) &&
    semanticEqual(annotations, annotationsOf(endpoints))
  );
}

function createSlice({ addressType, ports, endpoints: wanted }: Group, endpoints: Endpoints): Action {
  const { name = "", namespace = "" } = endpoints.metadata;
  const prefix = `${name}-`;
  const metadata = {
    generateName: nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : name,
    namespace,
    labels: labelsOf(endpoints),
    annotations: annotationsOf(endpoints),
    ownerReferences: [controllerReference(endpoints, Endpoints)],
  };
  return { type: "create", resource: EndpointSlice, object: { metadata, addressType, ports, endpoints: wanted } };
}

function updateSlice(slice: EndpointSlice, { ports, endpoints: wanted }: Group, endpoints: Endpoints): Action {
  const metadata = {
    ...slice.metadata,
    labels: labelsOf(endpoints),
    annotations: annotationsOf(endpoints),
    ownerReferences: [controllerReference(endpoints, Endpoints)],
  };
  return { type: "update", resource: EndpointSlice, object: { ...slice, metadata, ports, endpoints: wanted } };
}
