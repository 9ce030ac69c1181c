/** `ip` carries IPv4, `ip6` IPv6. Each has a table of its own, as upstream's proxy has. */
export type Family = "ip" | "ip6";

/** What hangs a chain into the path of packets: `type filter hook forward priority 0`. */
export type Hook = string;

export interface Chain {
  /** Absent: reached by jumps alone. */
  readonly hook?: Hook;
  /** In nft's words, without `add rule …`. */
  readonly rules: readonly string[];
}

/** A set, or a map where `type` has a colon: `ipv4_addr . inet_proto . inet_service : verdict`. */
export interface NftSet {
  readonly type: string;
  /** Packets fill it: an element is forgotten after so long without one. Its elements are none of the ruleset's business. */
  readonly timeoutSeconds?: number;
  /** By key; the value is "" in a set, a verdict in a map. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface Table {
  readonly family: Family;
  readonly name: string;
  readonly chains: ReadonlyMap<string, Chain>;
  readonly sets: ReadonlyMap<string, NftSet>;
}

/** All that the proxy wants to stand in the kernel: a value, compared and applied by `diff.ts`. At most one table a family. */
export type Ruleset = readonly Table[];

export const noElements: ReadonlyMap<string, string> = new Map();

export function isIPv6(address: string): boolean {
  return address.includes(":");
}

export function familyOf(address: string): Family {
  return isIPv6(address) ? "ip6" : "ip";
}
