import { bridgeName, type NodePlace } from "../files.ts";
import { run } from "../process/run.ts";

/** The table that holds what a node's pods need towards the outside. Called as the bridge. */
export function nodeTable(place: Pick<NodePlace, "directory">): string {
  return bridgeName(place.directory);
}

/**
 * Rules (nft(8)) by which pods reach the world beyond the cluster: nobody out there knows the way back to a pod, so it is the
 * node that asks for it. Between pods, addresses stay what they are. One transaction, the same however often it is applied.
 */
export function masqueradeRules(table: string, clusterCidrs: readonly string[]): string {
  const rules = clusterCidrs.map((cidr) => {
    const family = cidr.includes(":") ? "ip6" : "ip";
    return `${family} saddr ${cidr} ${family} daddr != ${cidr} fib daddr type != { local, multicast, broadcast } masquerade fully-random`;
  });
  return `add table inet ${table}
delete table inet ${table}
table inet ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
${rules.map((rule) => `    ${rule}`).join("\n")}
  }
}
`;
}

export async function applyMasquerade(place: NodePlace, clusterCidrs: readonly string[]): Promise<void> {
  const input = masqueradeRules(nodeTable(place), clusterCidrs);
  await run("nft", ["-f", "-"], { input, networkNamespace: place.networkNamespace });
}
