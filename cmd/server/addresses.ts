import { networkInterfaces } from "node:os";
import { parseCIDR } from "../../apimachinery/net/ip.ts";
import { AddressRange } from "../../apiserver/services/address-range.ts";
import { nthAddress } from "../../apiserver/services/ip-number.ts";
import { type PortRange, parsePortRange } from "../../apiserver/services/port-set.ts";
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
  readonly serviceNodePorts: PortRange;
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
    serviceNodePorts: nodePortsOf(flags.serviceNodePortRange),
    clusterCidrs,
  };
}

function nodePortsOf(text: string): PortRange {
  const range = parsePortRange(text);
  if (range !== undefined && range.first > 0) return range;
  throw new CommandError(`--service-node-port-range ${text} is no range of ports: write something like 30000-32767`);
}

/** The address where DNS answers, by the range of services alone: kubeadm's tenth. */
export function dnsAddressOf(serviceCidr: string): string {
  return nthServiceAddress(serviceCidr.split(",")[0]!, 10n);
}

function nthServiceAddress(cidr: string, n: bigint): string {
  return nthAddress(serviceRangeOf(cidr), n);
}

/** Ranges of services are bounded: of an IPv6 range wider than 64 bits no addresses are given out. */
function serviceRangeOf(text: string) {
  const cidr = rangeOf("--service-cidr", text, "10.96.0.0/16");
  if (AddressRange.of(text) !== undefined) return cidr;
  throw new CommandError(`--service-cidr ${text} is too wide: an IPv6 range has a prefix of 64 bits or more`);
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
