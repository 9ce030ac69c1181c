import type { Node } from "../../api/core/v1/node.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import { Service } from "../../api/core/v1/service.ts";
import { EndpointSlice } from "../../api/discovery/v1/endpoint-slice.ts";
import type { Endpoint, EndpointPort } from "../../api/generated/types/discovery-v1.ts";
import type { ApiError } from "../../apimachinery/errors/api-error.ts";
import { semanticEqual } from "../../apimachinery/json/equal.ts";
import { nameIsDNSSubdomain } from "../../apimachinery/validation/names.ts";
import { podCondition } from "../pods/pod-state.ts";
import type { Action } from "../runner/action.ts";
import { controllerReference } from "../runner/claim.ts";
import type { Summary } from "../runner/controller.ts";
import { isAddressable, isHeadless } from "../services/service-pods.ts";
import { type AddressType, endpointKey, endpointOf, portsKey, portsOf } from "./endpoint.ts";
import { fill } from "./fill.ts";

// staging/src/k8s.io/endpointslice/reconciler.go.

export const controllerName = "endpointslice-controller.k8s.io";
export const serviceNameLabel = "kubernetes.io/service-name";
export const managedByLabel = "endpointslice.kubernetes.io/managed-by";
const headlessLabel = "service.kubernetes.io/headless";
const triggerTime = "endpoints.kubernetes.io/last-change-trigger-time";
/** --max-endpoints-per-slice */
const maxEndpoints = 100;

export interface Observed {
  readonly service: Service;
  /** Those that it selects. */
  readonly pods: readonly Pod[];
  /** Its slices that this controller manages. */
  readonly slices: readonly EndpointSlice[];
  readonly nodeOf: (pod: Pod) => Node | undefined;
}

/** A slice as it should be: without `was` it is to be made. */
interface Wanted {
  readonly was?: EndpointSlice;
  readonly addressType: AddressType;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** Makes the slices say what the pods do, with as few writes as it can. */
export function plan(observed: Observed): readonly Action[] {
  const { service } = observed;
  const slices = observed.slices.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const types = addressTypes(service);
  const remove = slices.filter(({ addressType }) => !types.includes(addressType as AddressType));
  const create: Wanted[] = [];
  const update: Wanted[] = [];
  for (const addressType of types) {
    const ofType = slices.filter((slice) => slice.addressType === addressType);
    const change = changeOf(observed, addressType, ofType);
    // A slice that would go is used again for one that would be made.
    const spare = change.remove.filter((slice) => isOwned(slice, service));
    for (const wanted of change.create) {
      const was = spare.shift();
      if (was === undefined) create.push(wanted);
      else update.push({ ...wanted, was });
    }
    update.push(...change.update);
    remove.push(...change.remove.filter((slice) => spare.includes(slice) || !isOwned(slice, service)));
  }
  if (create.length + update.length === 0) return remove.map(deleteSlice);
  const annotations = triggerOf(observed, slices);
  const creates = service.metadata.deletionTimestamp === undefined ? create : [];
  return [
    ...creates.map((wanted) => createSlice(service, wanted, annotations)),
    ...update.map((wanted) => updateSlice(service, wanted, annotations)),
    ...remove.map(deleteSlice),
  ];
}

/** Where the write of a slice failed, the service is told. */
export function summarize({ service }: Observed, failures: readonly ApiError[]): Summary {
  const { name, namespace } = service.metadata;
  const [failure] = failures;
  if (failure === undefined) return {};
  const message = `Error updating Endpoint Slices for Service ${namespace}/${name}: ${failure.message}`;
  return { events: [{ type: "Warning", reason: "FailedToUpdateEndpointSlices", message }] };
}

function addressTypes({ spec }: Service): readonly AddressType[] {
  const { ipFamilies = [], clusterIP = "" } = spec;
  const types = (["IPv4", "IPv6"] as const).filter((family) => ipFamilies.includes(family));
  if (types.length > 0) return types;
  if (clusterIP === "" || clusterIP === "None") return ["IPv4", "IPv6"];
  return clusterIP.includes(":") ? ["IPv6"] : ["IPv4"];
}

interface Change {
  readonly create: Wanted[];
  readonly update: Wanted[];
  readonly remove: EndpointSlice[];
}

function changeOf(observed: Observed, addressType: AddressType, slices: readonly EndpointSlice[]): Change {
  const { service } = observed;
  const groups = groupByPorts(observed, addressType);
  const change: Change = { create: [], update: [], remove: [] };
  const existing = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    const key = portsKey(slice.ports ?? []);
    if (!isOwned(slice, service) || !groups.has(key)) change.remove.push(slice);
    else existing.set(key, [...(existing.get(key) ?? []), slice]);
  }
  const labels = labelsOf(service);
  for (const [key, { ports, endpoints }] of groups) {
    const there = existing.get(key) ?? [];
    const filled = fill(there, endpoints, maxEndpoints);
    change.create.push(...filled.create.map((some) => ({ addressType, ports, endpoints: some })));
    change.remove.push(...filled.remove);
    for (const slice of there) {
      const next = filled.update.get(slice);
      if (next === undefined && (filled.remove.includes(slice) || hasLabels(slice, labels))) continue;
      change.update.push({
        was: slice,
        addressType,
        ports: slice.ports ?? [],
        endpoints: next ?? slice.endpoints ?? [],
      });
    }
  }
  return withPlaceholder(service, change, addressType, slices);
}

/** A service without endpoints has one empty slice, so that whoever watches knows that there are none. */
function withPlaceholder(
  service: Service,
  change: Change,
  addressType: AddressType,
  slices: readonly EndpointSlice[],
): Change {
  if (slices.length !== change.remove.length || change.create.length > 0) return change;
  const [only] = change.remove;
  const isPlaceholder =
    change.remove.length === 1 &&
    only !== undefined &&
    isOwned(only, service) &&
    (only.ports ?? []).length === 0 &&
    (only.endpoints ?? []).length === 0 &&
    hasLabels(only, labelsOf(service));
  if (isPlaceholder) return { ...change, remove: [] };
  return { ...change, create: [{ addressType, ports: [], endpoints: [] }] };
}

interface Group {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: Endpoint[];
}

function groupByPorts({ service, pods, nodeOf }: Observed, addressType: AddressType): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const pod of pods) {
    if (!isAddressable(pod)) continue;
    const node = nodeOf(pod);
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    groups.set(key, group);
    // A pod on a node that is not there is left out until the node is, unless all addresses are asked for.
    if (node === undefined && service.spec.publishNotReadyAddresses !== true) continue;
    const endpoint = endpointOf(pod, { service, node, addressType });
    if (endpoint !== undefined) group.endpoints.push(endpoint);
  }
  return groups;
}

function isOwned({ metadata }: EndpointSlice, { metadata: { uid } }: Service): boolean {
  return metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.kind === "Service") === true;
}

/** The service's labels, and those by which slices are found. */
function labelsOf(service: Service): Readonly<Record<string, string>> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {};
  return {
    ...labels,
    ...(isHeadless(service) ? { [headlessLabel]: "" } : {}),
    [serviceNameLabel]: service.metadata.name ?? "",
    [managedByLabel]: controllerName,
  };
}

function hasLabels({ metadata }: EndpointSlice, labels: Readonly<Record<string, string>>): boolean {
  return semanticEqual(metadata.labels, labels);
}

/**
 * Since when the slices could say what they will: of a service without any its creation, else the earliest change of a pod
 * that they do not show yet; for whoever measures how long that takes.
 */
function triggerOf(observed: Observed, slices: readonly EndpointSlice[]): Readonly<Record<string, string>> {
  const { service, pods } = observed;
  if (slices.length === 0) return { [triggerTime]: service.metadata.creationTimestamp ?? "" };
  const shown = new Map<string, Endpoint>();
  for (const { endpoints } of slices)
    for (const endpoint of endpoints ?? []) shown.set(endpointKey(endpoint), endpoint);
  let earliest: string | undefined;
  for (const pod of pods) {
    const time = podCondition(pod, "Ready")?.lastTransitionTime;
    if (time === undefined || (earliest !== undefined && time >= earliest) || !isAddressable(pod)) continue;
    const changed = addressTypes(service).some((addressType) => {
      const endpoint = endpointOf(pod, { service, node: observed.nodeOf(pod), addressType });
      if (endpoint === undefined) return false;
      const before = shown.get(endpointKey(endpoint));
      return before === undefined || !semanticEqual(before.conditions, endpoint.conditions);
    });
    if (changed) earliest = time;
  }
  return earliest === undefined ? {} : { [triggerTime]: earliest };
}

function createSlice(
  service: Service,
  { addressType, ports, endpoints }: Wanted,
  annotations: Readonly<Record<string, string>>,
): Action {
  const { name = "", namespace = "" } = service.metadata;
  const prefix = `${name}-`;
  const metadata = {
    generateName: nameIsDNSSubdomain(prefix, true).length === 0 ? prefix : name,
    namespace,
    labels: labelsOf(service),
    annotations,
    ownerReferences: [controllerReference(service, Service)],
  };
  return { type: "create", resource: EndpointSlice, object: { metadata, addressType, ports, endpoints } };
}

function updateSlice(
  service: Service,
  { was, ports, endpoints }: Wanted,
  annotations: Readonly<Record<string, string>>,
): Action {
  const { [triggerTime]: _, ...others } = was!.metadata.annotations ?? {};
  const metadata = { ...was!.metadata, labels: labelsOf(service), annotations: { ...others, ...annotations } };
  return { type: "update", resource: EndpointSlice, object: { ...was!, metadata, ports, endpoints } };
}

function deleteSlice({ metadata: { name = "", namespace, uid = "" } }: EndpointSlice): Action {
  return { type: "delete", resource: EndpointSlice, namespace, name, uid };
}
