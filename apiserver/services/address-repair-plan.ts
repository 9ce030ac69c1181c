import type { Service } from "../../api/core/v1/service.ts";
import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import { formatIP } from "../../apimachinery/net/ip.ts";
import type { ApiObject } from "../../apimachinery/resource/object.ts";
import { familyLabel, isManagedHere, isOf, isOfServices } from "./ip-address-object.ts";
import { ipOfBigint } from "./ip-number.ts";
import type { RepairEvent } from "./repair-events.ts";
import { addressOf } from "./used-addresses.ts";

// What is wrong between services and IPAddresses, and what puts it right, event by event with upstream's words:
// pkg/registry/core/service/ipallocator/controller/repairip.go. Pure.

/** How long an IPAddress may be there without its service: no request takes longer. */
const requestMs = 60_000;
/** How long one may contradict its service: the write that took it may be about to give it back. */
const settleMs = 5_000;

export interface AddressView {
  service(namespace: string, name: string): Service | undefined;
  address(name: string): IPAddress | undefined;
  /** Whether any ServiceCIDR has the address. */
  isInRange(family: "IPv4" | "IPv6", value: bigint): boolean;
}

export type AddressRepair =
  | { readonly type: "create"; readonly name: string; readonly family: "IPv4" | "IPv6"; readonly service: Service }
  /** Of this very object. */
  | { readonly type: "delete"; readonly address: IPAddress }
  | { readonly type: "tell"; readonly regarding: ApiObject; readonly event: RepairEvent }
  /** The IPAddress of this name may turn out to be nobody's then (ms since 1970). */
  | { readonly type: "look"; readonly name: string; readonly atMs: number };

/** Each address that a service holds has an IPAddress that says so. */
export function* repairsOfService(service: Service, view: AddressView): Generator<AddressRepair> {
  for (const ip of heldAddresses(service)) {
    const address = addressOf(ip);
    if (address === undefined) {
      yield tell(service, invalidIP);
      continue;
    }
    const { family, value } = address;
    const name = formatIP(ipOfBigint(value, family));
    const about = (reason: string, note: string): AddressRepair => tell(service, { reason, action: allocation, note });
    const create: AddressRepair = { type: "create", name, family, service };
    if (!view.isInRange(family, value)) {
      const note = `Cluster IP [${family}]: ${name} is not within any configured Service CIDR; please recreate service`;
      yield about("ClusterIPOutOfRange", note);
      continue;
    }
    const found = view.address(name);
    if (found === undefined) {
      yield about("ClusterIPNotAllocated", `Cluster IP [${family}]: ${name} is not allocated; repairing`);
      yield create;
      continue;
    }
    const { namespace, name: serviceName } = service.metadata;
    const wrong = `the ClusterIP [${family}]: ${name} for Service ${namespace}/${serviceName} has a wrong reference; repairing`;
    const other = otherHolder(found, service, view);
    if (other === "none") {
      yield about("ClusterIPNotAllocated", wrong);
      yield* [{ type: "delete", address: found } as const, create];
      continue;
    }
    if (other === "holds") {
      const note = `Cluster IP [${family}]:${name} was assigned to multiple services; please recreate service`;
      yield about("ClusterIPAlreadyAllocated", note);
      continue;
    }
    if (found.metadata.labels?.[familyLabel] !== family || !isManagedHere(found)) {
      yield* [{ type: "delete", address: found } as const, create];
    }
  }
}

/** An IPAddress of the allocator is some service's, or goes. */
export function* repairsOfAddress(address: IPAddress, view: AddressView, now: number): Generator<AddressRepair> {
  if (!isManagedHere(address)) return;
  const { name = "", creationTimestamp = "" } = address.metadata;
  const clean = (reason: string, note: string): readonly AddressRepair[] => [
    tell(address, { reason, action: "IPAddressAllocation", note }),
    { type: "delete", address },
  ];
  if (!isOfServices(address)) {
    const note = `IPAddress ${name} appears to have been modified, not referencing a Service ${referenceText(address)}: cleaning up`;
    yield* clean("IPAddressNotAllocated", note);
    return;
  }
  const { namespace = "", name: serviceName } = address.spec.parentRef;
  const bornMs = Date.parse(creationTimestamp);
  const whoseText = `IPAddress: ${name} for Service ${namespace}/${serviceName}`;
  const service = view.service(namespace, serviceName);
  const look = (atMs: number): AddressRepair => ({ type: "look", name, atMs });
  if (service === undefined) {
    if (now - bornMs <= requestMs) yield look(bornMs + requestMs + 1);
    else yield* clean("IPAddressNotAllocated", `${whoseText} appears to have leaked: cleaning up`);
    return;
  }
  if (holds(service, name)) return;
  // A service that ceases to be an ExternalName gets its addresses at an update.
  if (service.spec.type === "ExternalName" && now - bornMs < requestMs) {
    yield look(bornMs + requestMs);
    return;
  }
  if (bornMs > Date.parse(service.metadata.creationTimestamp ?? "") && now - bornMs < settleMs) {
    yield look(now + settleMs);
    return;
  }
  yield* clean("IPAddressWrongReference", `${whoseText} has a wrong reference; cleaning up`);
}

const allocation = "ClusterIPAllocation";

/** Go's `%s` of a nil address. */
const invalidIP: RepairEvent = {
  reason: "ClusterIPNotValid",
  action: "ClusterIPValidation",
  note: "Cluster IP <nil> is not a valid IP; please recreate Service",
};

function tell(regarding: ApiObject, event: RepairEvent): AddressRepair {
  return { type: "tell", regarding, event };
}

function heldAddresses({ spec: { type, clusterIPs = [] } }: Service): readonly string[] {
  return type === "ExternalName" || clusterIPs[0] === "None" ? [] : clusterIPs.filter((ip) => ip !== "");
}

function holds(service: Service, name: string): boolean {
  const wanted = addressOf(name);
  return heldAddresses(service).some((ip) => {
    const held = addressOf(ip);
    return held?.family === wanted?.family && held?.value === wanted?.value;
  });
}

/** Who has the IPAddress of an address of `service`: itself, another service that holds the address too, or nobody. */
function otherHolder(address: IPAddress, service: Service, view: AddressView): "itself" | "holds" | "none" {
  const { namespace = "", name = "" } = service.metadata;
  if (isOf(address, { namespace, name })) return "itself";
  const { parentRef } = address.spec;
  if (!isOfServices(address)) return "none";
  const other = view.service(parentRef.namespace ?? "", parentRef.name);
  return other !== undefined && holds(other, address.metadata.name ?? "") ? "holds" : "none";
}

/** As Go prints the reference. */
function referenceText({ spec: { parentRef } }: IPAddress): string {
  const { group = "", resource, namespace = "", name } = parentRef;
  return `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${name},}`;
}
