import { bridgeName, type NodePlace } from "../files.ts";
import { nodeTable } from "../network/masquerade.ts";
import { run } from "../process/run.ts";

export interface NetworkTraces {
  /** Tables of the service proxy, by name, of the families ip and ip6. */
  readonly proxyTables: readonly string[];
  /** Addresses that were put on the loopback interface. */
  readonly loopbackAddresses: readonly string[];
}

/** Takes away what a node has put into its network: rules, addresses, the bridge and with it the routes to pods. Idempotent. */
export async function removeNodeNetwork(place: NodePlace, traces: NetworkTraces): Promise<void> {
  const { networkNamespace } = place;
  const tables = [
    `inet ${nodeTable(place)}`,
    ...traces.proxyTables.flatMap((name) => [`ip ${name}`, `ip6 ${name}`, `inet ${name}`]),
  ];
  for (const table of tables) {
    // Adding a table that is there does nothing, and what is there can be deleted.
    const input = `add table ${table}\ndelete table ${table}\n`;
    await run("nft", ["-f", "-"], { input, networkNamespace }).catch(ignoreUnknownFamily);
  }
  for (const address of traces.loopbackAddresses) {
    const prefix = address.includes(":") ? 128 : 32;
    await run("ip", ["address", "delete", `${address}/${prefix}`, "dev", "lo"], { networkNamespace }).catch(() => {}); // Not there.
  }
  await run("ip", ["link", "delete", bridgeName(place.directory)], { networkNamespace }).catch(() => {}); // No pod has run.
  await removePortmapChains(networkNamespace);
}

/** A kernel without IPv6 has no tables for it either. */
function ignoreUnknownFamily(error: Error): void {
  if (!/Operation not supported|Protocol not supported|No such file/.test(error.message)) throw error;
}

/**
 * The chains of the CNI plugin portmap, where no rule is left in them: the plugin removes rules and leaves the chains
 * (plugins/meta/portmap). Another user of the plugin makes them anew when it needs them.
 */
async function removePortmapChains(networkNamespace: string | undefined): Promise<void> {
  // To ask iptables-save alone would make the tables that it then shows.
  const tables = await run("nft", ["list", "tables"], { networkNamespace }).catch(() => "");
  for (const [family, table] of [
    ["iptables", "table ip nat"],
    ["ip6tables", "table ip6 nat"],
  ] as const) {
    if (!tables.split("\n").includes(table)) continue;
    const saved = await run(`${family}-save`, ["-t", "nat"], { networkNamespace }).catch(() => "");
    const input = portmapRemoval(saved);
    if (input !== "") await run(`${family}-restore`, ["--noflush"], { input, networkNamespace });
  }
}

/** What undoes portmap's top chains, from what iptables-save shows; empty where a rule is left, or there are none. */
export function portmapRemoval(saved: string): string {
  const lines = saved.split("\n");
  const chains = lines.flatMap((line) => /^:(CNI-HOSTPORT-(?:DNAT|SETMARK|MASQ)) /.exec(line)?.[1] ?? []);
  const inUse = lines.some((line) => /^:CNI-DN-/.test(line));
  if (chains.length === 0 || inUse) return "";
  const jumps = lines.filter((line) => /^-A .* -j CNI-HOSTPORT-(DNAT|SETMARK|MASQ)$/.test(line));
  return [
    "*nat",
    ...jumps.map((line) => line.replace(/^-A/, "-D")),
    ...chains.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
    "COMMIT",
    "",
  ].join("\n");
}
