import type { IPAddress } from "../../api/networking/v1/ip-address.ts";
import type { ServiceCIDR } from "../../api/networking/v1/service-cidr.ts";
import { type Cidr, containsIP, equalIP, type IpAddress, parseCIDR, parseIP } from "../../apimachinery/net/ip.ts";

// Which ranges have which addresses and ranges: pkg/api/servicecidr/servicecidr.go. Pure.

/** Those of the allocator of service addresses (ipallocator.ControllerName). */
export function isAllocated({ metadata }: IPAddress): boolean {
  return metadata.labels?.["ipaddress.kubernetes.io/managed-by"] === "ipallocator.k8s.io";
}

export function prefixesOf({ spec }: ServiceCIDR): readonly Cidr[] {
  return (spec.cidrs ?? []).map(parseCIDR).filter((cidr) => cidr !== undefined);
}

/** The network's own address is no service's, nor in IPv4 the last one. */
export function hasAddress(cidr: Cidr, ip: IpAddress): boolean {
  if (!containsIP(cidr, ip) || equalIP(cidr.network, ip)) return false;
  return ip.bytes.length !== 4 || !isBroadcast(cidr, ip);
}

export function hasPrefix(outer: Cidr, inner: Cidr): boolean {
  return outer.prefix <= inner.prefix && containsIP(outer, inner.network);
}

export function overlap(a: Cidr, b: Cidr): boolean {
  return hasPrefix(a, b) || hasPrefix(b, a);
}

export function addressOf({ metadata }: IPAddress): IpAddress | undefined {
  return parseIP(metadata.name ?? "");
}

function isBroadcast({ prefix }: Cidr, { bytes }: IpAddress): boolean {
  return bytes.every((byte, i) => {
    const hostBits = Math.min(8, Math.max(0, (i + 1) * 8 - prefix));
    const mask = (1 << hostBits) - 1;
    return (byte & mask) === mask;
  });
}
