import type { NodeFacts } from "./node-facts.ts";
import { type Chain, type Family, familyOf, type NftSet, noElements } from "./ruleset.ts";
import { addressType, masquerade, oneOf, rejectChain, shared } from "./service-rules.ts";

// The frame of a table, before any service: pkg/proxy/nftables/proxier.go, setupNFTables.

/** Destination addresses are changed at priority -100; these look before. */
const beforeDnat = -110;

export function baseSets(family: Family): readonly (readonly [string, NftSet])[] {
  const address = addressType(family);
  const target = `${address} . inet_proto . inet_service`;
  const types: readonly (readonly [string, string])[] = [
    [shared.clusterIPs, address],
    [shared.serviceIPs, `${target} : verdict`],
    [shared.nodePorts, "inet_proto . inet_service : verdict"],
    [shared.noEndpointServices, `${target} : verdict`],
    [shared.noEndpointNodePorts, "inet_proto . inet_service : verdict"],
    [shared.firewallIPs, `${target} : verdict`],
    [shared.hairpin, `${address} . ${target}`],
    [nodePortIPs, address],
  ];
  return types.map(([name, type]) => [name, { type, elements: noElements }]);
}

/** The node's addresses that answer node ports. */
export const nodePortIPs = "nodeport-ips";

export function baseChains(family: Family, facts: NodeFacts): readonly (readonly [string, Chain])[] {
  const target = `${family} daddr . meta l4proto . th dport`;
  const isNodePort = `${family} daddr @${nodePortIPs} meta l4proto . th dport`;
  const chains: Readonly<Record<string, readonly string[]>> = {
    services: [
      ...masqueradeFromOutside(family, facts),
      `${target} vmap @${shared.serviceIPs}`,
      `${isNodePort} vmap @${shared.nodePorts}`,
    ],
    "service-endpoints-check": [`${target} vmap @${shared.noEndpointServices}`],
    "nodeport-endpoints-check": [`${isNodePort} vmap @${shared.noEndpointNodePorts}`],
    "firewall-check": [`${target} vmap @${shared.firewallIPs}`],
    // A reset is not rate limited, as ICMP is: every TCP client is told at once.
    [rejectChain]: ["meta l4proto tcp reject with tcp reset", "reject"],
    "cluster-ips-check": clusterIPsCheck(family, facts),
    masquerading: [
      `mark and ${hex(facts)} != 0 mark set mark xor ${hex(facts)} masquerade fully-random`,
      // An endpoint that reached itself through its service would answer itself directly, with an address it never asked.
      `ct status dnat ${family} saddr . ${family} daddr . meta l4proto . th dport @${shared.hairpin} masquerade fully-random`,
    ],
  };
  const unhooked = Object.entries(chains).map(([name, rules]) => [name, { rules }] as const);
  return [...unhooked, ...hookedChains];
}

/**
 * What is still addressed to the service range after destinations were changed is mapped by nothing: it is refused here, in
 * every state of a connection, so it never leaves the node. Addresses that a process of the node answers at are local.
 */
function clusterIPsCheck(family: Family, { serviceCidrs }: NodeFacts): readonly string[] {
  const ranges = serviceCidrs.filter((cidr) => familyOf(cidr) === family);
  const isLocal = "fib daddr type local return";
  return [
    ...(ranges.length > 0 ? [`${family} daddr ${oneOf(ranges)} ${isLocal}`] : []),
    ...(ranges.length > 0 ? [`${family} daddr ${oneOf(ranges)} goto ${rejectChain}`] : []),
    // Services keep addresses of ranges that were in use once.
    `${family} daddr @${shared.clusterIPs} goto ${rejectChain}`,
  ];
}

/** A router may send the service range to any node: what comes so is masqueraded, for the answer must come back this way. */
function masqueradeFromOutside(family: Family, facts: NodeFacts): readonly string[] {
  const pods = facts.clusterCidrs.filter((cidr) => familyOf(cidr) === family);
  if (pods.length === 0) return [];
  return [`${family} daddr @${shared.clusterIPs} ${family} saddr != ${oneOf(pods)} ${masquerade(facts)}`];
}

const onlyNew = (chain: string): string => `ct state new jump ${chain}`;

const hookedChains: readonly (readonly [string, Chain])[] = [
  [
    "filter-prerouting-pre-dnat",
    { hook: `type filter hook prerouting priority ${beforeDnat}`, rules: [onlyNew("firewall-check")] },
  ],
  [
    "filter-output-pre-dnat",
    { hook: `type filter hook output priority ${beforeDnat}`, rules: [onlyNew("firewall-check")] },
  ],
  [
    "filter-input",
    {
      hook: "type filter hook input priority 0",
      rules: [onlyNew("nodeport-endpoints-check"), onlyNew("service-endpoints-check")],
    },
  ],
  [
    "filter-forward",
    {
      hook: "type filter hook forward priority 0",
      rules: [onlyNew("service-endpoints-check"), "jump cluster-ips-check"],
    },
  ],
  [
    "filter-output",
    {
      hook: "type filter hook output priority 0",
      rules: [onlyNew("service-endpoints-check"), "jump cluster-ips-check"],
    },
  ],
  ["nat-prerouting", { hook: "type nat hook prerouting priority -100", rules: ["jump services"] }],
  ["nat-output", { hook: "type nat hook output priority -100", rules: ["jump services"] }],
  ["nat-postrouting", { hook: "type nat hook postrouting priority 100", rules: ["jump masquerading"] }],
];

function hex({ masqueradeMark }: NodeFacts): string {
  return `0x${masqueradeMark.toString(16)}`;
}
