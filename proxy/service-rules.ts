import type { Service } from "../api/generated/types/core-v1.ts";
import type { EndpointSlice } from "../api/generated/types/discovery-v1.ts";
import { containsIP, parseCIDR, parseIP } from "../apimachinery/net/ip.ts";
import { type Endpoint, endpointsOf, type UsableEndpoints, usableEndpoints } from "./endpoints.ts";
import { affinityNames, type ChainNames, chainNames } from "./names.ts";
import type { NodeFacts } from "./node-facts.ts";
import { type Chain, type Family, familyOf, type NftSet, noElements } from "./ruleset.ts";
import { isExternallyAccessible, type ServicePort, servicePorts } from "./service-port.ts";

// What a packet meets follows pkg/proxy/nftables/proxier.go, syncProxyRules.

/** The sets and maps that services put elements into; `base-rules.ts` asks them. */
export const shared = {
  clusterIPs: "cluster-ips",
  serviceIPs: "service-ips",
  nodePorts: "service-nodeports",
  noEndpointServices: "no-endpoint-services",
  noEndpointNodePorts: "no-endpoint-nodeports",
  firewallIPs: "firewall-ips",
  hairpin: "hairpin-connections",
} as const;
export type SharedSet = (typeof shared)[keyof typeof shared];

export const rejectChain = "reject-chain";

export interface Element {
  readonly set: SharedSet;
  readonly key: string;
  readonly value: string;
}

/** What one service adds to the table of one family. */
export interface Part {
  readonly chains: readonly (readonly [name: string, chain: Chain])[];
  readonly sets: readonly (readonly [name: string, set: NftSet])[];
  readonly elements: readonly Element[];
  /** Ports whose policy Local finds no endpoint on this node, though there are some on others. */
  readonly withoutLocal: { readonly internal: number; readonly external: number };
}

export type ServiceRules = Readonly<Record<Family, Part>>;

interface Draft {
  readonly chains: [string, Chain][];
  readonly sets: [string, NftSet][];
  readonly elements: Element[];
  withoutLocal: { internal: number; external: number };
}

const draft = (): Draft => ({ chains: [], sets: [], elements: [], withoutLocal: { internal: 0, external: 0 } });

/** Everything one service needs on this node. `slices` are the service's own. */
export function serviceRules(service: Service, slices: readonly EndpointSlice[], facts: NodeFacts): ServiceRules {
  const rules = { ip: draft(), ip6: draft() };
  for (const port of servicePorts(service)) {
    if (facts.localServiceIPs.includes(port.clusterIP)) continue;
    addPort(rules[port.family], port, usableEndpoints(endpointsOf(port, slices, facts.nodeName), port, facts), facts);
  }
  return rules;
}

function addPort(into: Draft, port: ServicePort, endpoints: UsableEndpoints, facts: NodeFacts): void {
  const names = chainNames(port);
  const { local, hasAny } = endpoints;
  const accessible = isExternallyAccessible(port);
  const hasInternal = port.internalPolicyLocal ? local.length > 0 : hasAny;
  const hasExternal = port.externalPolicyLocal ? local.length > 0 : hasAny;
  if (hasAny && !hasInternal) into.withoutLocal.internal++;
  if (hasAny && accessible && !hasExternal) into.withoutLocal.external++;

  into.elements.push({ set: shared.clusterIPs, key: port.clusterIP, value: "" });
  const internalChain = port.internalPolicyLocal ? names.local : names.cluster;
  // Without any endpoint a client is told at once; with some elsewhere, policy Local drops (proxier.go, internalTrafficFilterVerdict).
  const refusal = hasAny ? "drop" : `goto ${rejectChain}`;
  const target = (ip: string): string => `${ip} . ${port.protocol} . ${port.port}`;
  into.elements.push(
    hasInternal
      ? { set: shared.serviceIPs, key: target(port.clusterIP), value: `goto ${internalChain}` }
      : { set: shared.noEndpointServices, key: target(port.clusterIP), value: refusal },
  );
  for (const ip of [...port.externalIPs, ...port.loadBalancerIPs]) {
    if (hasAny) into.elements.push({ set: shared.serviceIPs, key: target(ip), value: `goto ${names.external}` });
    if (!hasExternal) into.elements.push({ set: shared.noEndpointServices, key: target(ip), value: refusal });
  }
  if (port.nodePort !== 0) {
    const key = `${port.protocol} . ${port.nodePort}`;
    if (hasAny) into.elements.push({ set: shared.nodePorts, key, value: `goto ${names.external}` });
    if (!hasExternal) into.elements.push({ set: shared.noEndpointNodePorts, key, value: refusal });
  }
  if (hasAny && accessible) {
    into.chains.push([names.external, externalChain(port, names, { hasExternal, facts })]);
  }
  addFirewall(into, port, names, facts);
  addEndpoints(into, port, names, endpoints);
}

function externalChain(
  port: ServicePort,
  names: ChainNames,
  { hasExternal, facts }: { readonly hasExternal: boolean; readonly facts: NodeFacts },
): Chain {
  if (!port.externalPolicyLocal) return { rules: [masquerade(facts), `goto ${names.cluster}`] };
  const rules: string[] = [];
  const pods = facts.clusterCidrs.filter((cidr) => familyOf(cidr) === port.family);
  // Pods of this node are sent anywhere, as if they went out to a load balancer and came back; and so is the node itself.
  if (pods.length > 0) rules.push(`${port.family} saddr ${oneOf(pods)} goto ${names.cluster}`);
  rules.push(`fib saddr type local ${masquerade(facts)}`, `fib saddr type local goto ${names.cluster}`);
  if (hasExternal) rules.push(`goto ${names.local}`);
  return { rules };
}

function addFirewall(into: Draft, port: ServicePort, { firewall }: ChainNames, { nodeIPs }: NodeFacts): void {
  const { loadBalancerIPs, loadBalancerSourceRanges, family, protocol } = port;
  if (loadBalancerIPs.length === 0 || loadBalancerSourceRanges.length === 0) return;
  for (const ip of loadBalancerIPs) {
    into.elements.push({
      set: shared.firewallIPs,
      key: `${ip} . ${protocol} . ${port.port}`,
      value: `goto ${firewall}`,
    });
  }
  // A load balancer's address may be local to the node, which then speaks from that very address.
  const own = nodeIPs.some((ip) => loadBalancerSourceRanges.some((cidr) => holds(cidr, ip))) ? loadBalancerIPs : [];
  into.chains.push([
    firewall,
    { rules: [`${family} saddr != ${oneOf([...new Set([...loadBalancerSourceRanges, ...own])])} drop`] },
  ]);
}

function holds(cidr: string, ip: string): boolean {
  const range = parseCIDR(cidr);
  const address = parseIP(ip);
  return range !== undefined && address !== undefined && containsIP(range, address);
}

function addEndpoints(into: Draft, port: ServicePort, names: ChainNames, endpoints: UsableEndpoints): void {
  const { cluster, local, reachable } = endpoints;
  const { family, protocol, affinitySeconds } = port;
  for (const { isLocal, ip, port: number } of reachable) {
    if (isLocal) into.elements.push({ set: shared.hairpin, key: `${ip} . ${ip} . ${protocol} . ${number}`, value: "" });
  }
  const balance = affinitySeconds === undefined ? balanceDirectly : balanceWithAffinity;
  if (cluster.length > 0) into.chains.push([names.cluster, { rules: balance(port, cluster) }]);
  if (local.length > 0) into.chains.push([names.local, { rules: balance(port, local) }]);
  if (affinitySeconds === undefined) return;
  for (const endpoint of reachable) {
    const { chain, set } = affinityNames(port, endpoint);
    into.sets.push([set, { type: addressType(family), timeoutSeconds: affinitySeconds, elements: noElements }]);
    const to = family === "ip" ? `${endpoint.ip}:${endpoint.port}` : `[${endpoint.ip}]:${endpoint.port}`;
    into.chains.push([
      chain,
      { rules: [`update @${set} { ${family} saddr }`, `meta l4proto ${protocol} dnat to ${to}`] },
    ]);
  }
}

function balanceDirectly({ family, protocol }: ServicePort, endpoints: readonly Endpoint[]): readonly string[] {
  const targets = endpoints.map(({ ip, port }, i) => `${i} : ${ip} . ${port}`).join(", ");
  return [
    `meta l4proto ${protocol} dnat ${family} addr . port to numgen random mod ${endpoints.length} map { ${targets} }`,
  ];
}

function balanceWithAffinity(port: ServicePort, endpoints: readonly Endpoint[]): readonly string[] {
  const names = endpoints.map((endpoint) => affinityNames(port, endpoint));
  const targets = names.map(({ chain }, i) => `${i} : goto ${chain}`).join(", ");
  return [
    ...names.map(({ chain, set }) => `${port.family} saddr @${set} goto ${chain}`),
    `numgen random mod ${endpoints.length} vmap { ${targets} }`,
  ];
}

export function addressType(family: Family): string {
  return family === "ip" ? "ipv4_addr" : "ipv6_addr";
}

export function masquerade({ masqueradeMark }: Pick<NodeFacts, "masqueradeMark">): string {
  return `mark set mark or 0x${masqueradeMark.toString(16)}`;
}

export function oneOf(texts: readonly string[]): string {
  return `{ ${texts.join(", ")} }`;
}
