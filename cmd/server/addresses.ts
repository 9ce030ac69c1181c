import { networkInterfaces } from "node:os";
import { formatIP, parseCIDR } from "../../apimachinery/net/ip.ts";
import { bigintOfIP, ipOfBigint } from "../../apiserver/services/ip-number.ts";
import { CommandError } from "../command-error.ts";
import type { ServerFlags } from "../commands/server-options.ts";

export interface Addresses {
  /** What others are told. */
  readonly advertised: string;
  /** What this machine uses. */
  readonly local: string;
  /** Of the service `kubernetes`: the first of each service range. */
  readonly serviceAddresses: readonly string[];
  /** Of the service `kube-dns`: the tenth of the first range. */
  readonly dnsAddress: string;
  readonly serviceCidrs: readonly string[];
  readonly clusterCidrs: readonly string[];
}

/** Addresses that follow from the flags. Ranges that are none are CommandErrors. */
export function addressesOf(flags: ServerFlags): Addresses {
  const serviceCidrs = flags.serviceCidr.split(",");
  const clusterCidrs = flags.clusterCidr.split(",");
  for (const text of clusterCidrs) rangeOf("--cluster-cidr", text, "10.244.0.0/16");
  const everywhere = flags.bindAddress === "0.0.0.0" || flags.bindAddress === "::";
  const local = everywhere ? "127.0.0.1" : flags.bindAddress;
  return {
    advertised: flags.advertiseAddress ?? (everywhere ? (firstAddress() ?? local) : local),
    local,
    serviceAddresses: serviceCidrs.map((cidr) => nthServiceAddress(cidr, 1n)),
    dnsAddress: nthServiceAddress(serviceCidrs[0]!, 10n),
    serviceCidrs,
    clusterCidrs,
  };
}

/** The address where DNS answers, by the range of services alone: kubeadm's tenth. */
export function dnsAddressOf(serviceCidr: string): string {
  return nthServiceAddress(serviceCidr.split(",")[0]!, 10n);
}

function nthServiceAddress(cidr: string, n: bigint): string {
  const { network } = rangeOf("--service-cidr", cidr, "10.96.0.0/16");
  return formatIP(ipOfBigint(bigintOfIP(network) + n, network.bytes.length === 4 ? "IPv4" : "IPv6"));
}

function rangeOf(flag: string, text: string, example: string) {
  const cidr = parseCIDR(text);
  if (cidr === undefined) {
    throw new CommandError(`${flag} ${text} is no range of addresses: write something like ${example}`);
  }
  return cidr;
}

/** The address of the first interface that is no loopback. */
function firstAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address;
}

export function urlHost(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}
