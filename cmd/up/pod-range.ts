import { formatIP, parseCIDR } from "../../apimachinery/net/ip.ts";
import { CommandError } from "../command-error.ts";

/** Sizes of a node's part of the range (kube-controller-manager's --node-cidr-mask-size-ipv4 and -ipv6). */
const nodeBits = { 4: 24, 16: 64 } as const;

/** The part of the pod range that a cluster's first node gets. */
export function firstSubnet(range: string): string {
  const cidr = parseCIDR(range);
  if (cidr === undefined)
    throw new CommandError(`--pod-cidr ${range} is no range of addresses: write something like 10.244.0.0/16`);
  const bits = nodeBits[cidr.network.bytes.length as 4 | 16];
  const own = Number(range.slice(range.indexOf("/") + 1));
  return `${formatIP(cidr.network)}/${Math.max(bits, own)}`;
}
