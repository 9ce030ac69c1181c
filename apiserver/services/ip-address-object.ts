import type { Service } from "../../api/core/v1/service.ts";
import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import type { AddressRange } from "./address-range.ts";

/** Whose IPAddress objects these are (ipallocator.ControllerName). */
export const allocatorName = "ipallocator.k8s.io";
export const managedByLabel = "ipaddress.kubernetes.io/managed-by";
export const familyLabel = "ipaddress.kubernetes.io/ip-family";

type ServiceName = Pick<Service["metadata"], "namespace" | "name">;

/** The object that says that this service has this address. */
export function ipAddressOf(name: string, family: AddressRange["family"], service: ServiceName): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "IPAddress",
    metadata: { name, labels: { [familyLabel]: family, [managedByLabel]: allocatorName } },
    spec: { parentRef: { resource: "services", namespace: service.namespace, name: service.name } },
  };
}

export function isManagedHere({ metadata }: IPAddress): boolean {
  return metadata.labels?.[managedByLabel] === allocatorName;
}

/** The address is some service's, by what it says itself. */
export function isOfServices({ spec: { parentRef } }: IPAddress): boolean {
  return parentRef !== undefined && (parentRef.group ?? "") === "" && parentRef.resource === "services";
}

export function isOf(address: IPAddress, { namespace, name }: ServiceName): boolean {
  const { parentRef } = address.spec;
  return isOfServices(address) && parentRef?.namespace === namespace && parentRef?.name === name;
}
