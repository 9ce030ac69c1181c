import { createHash } from "node:crypto";
import type { ServicePort } from "./service-port.ts";

// Names as upstream's nftables proxy forms them: what `nft list ruleset` shows can be read, and the hash keeps apart what the
// length limit cuts off.

const maxLength = 80;

export interface ChainNames {
  readonly cluster: string;
  readonly local: string;
  readonly external: string;
  readonly firewall: string;
}

export function chainNames(port: ServicePort): ChainNames {
  const name = servicePortName(port);
  const unique = hashed(name, name);
  return {
    cluster: limited(`service-${unique}`),
    local: limited(`local-${unique}`),
    external: limited(`external-${unique}`),
    firewall: limited(`firewall-${unique}`),
  };
}

/** The chain of an endpoint, and the set of clients that stay with it. The set's name holds what cannot be changed in it. */
export function affinityNames(
  port: ServicePort,
  endpoint: { readonly ip: string; readonly port: number },
): { readonly chain: string; readonly set: string } {
  const name = servicePortName(port);
  const target = `${endpoint.ip.replaceAll(":", ".")}/${endpoint.port}`;
  const unique = hashed(`${name}__${target}`, `${name}__${target}`);
  const lasting = hashed(`${name}__${target}__${port.affinitySeconds}`, `${name}__${target}`);
  return { chain: limited(`endpoint-${unique}`), set: limited(`affinity-${lasting}`) };
}

function servicePortName({ namespace, name, protocol, portName }: ServicePort): string {
  return `${namespace}/${name}/${protocol}/${portName}`;
}

function hashed(of: string, name: string): string {
  return `${createHash("sha256").update(of).digest("hex").slice(0, 8).toUpperCase()}-${name}`;
}

function limited(name: string): string {
  return name.length <= maxLength ? name : `${name.slice(0, maxLength - 3)}...`;
}
