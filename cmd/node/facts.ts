import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { CommandError } from "../command-error.ts";
import type { NodeFlags } from "../commands/node-options.ts";
import { dnsAddressOf } from "../server/addresses.ts";

/** What every part of a node needs to know of it. */
export interface NodeFacts {
  readonly nodeName: string;
  /** The first is the primary one. */
  readonly nodeIPs: readonly string[];
  readonly serviceCidrs: readonly string[];
  readonly clusterCidrs: readonly string[];
  readonly clusterDns: readonly string[];
  readonly clusterDomain: string;
}

/** By the flags, and by the machine where they say nothing. A machine without an address is a CommandError. */
export function nodeFacts(flags: NodeFlags): NodeFacts {
  const nodeIPs = flags.nodeIp === undefined ? [addressOfThisMachine()] : flags.nodeIp.split(",");
  const wrong = nodeIPs.find((ip) => isIP(ip) === 0);
  if (wrong !== undefined) throw new CommandError(`--node-ip ${wrong} is no IP address`);
  return {
    nodeName: flags.hostnameOverride ?? hostname().toLowerCase(),
    nodeIPs,
    serviceCidrs: flags.serviceCidr.split(","),
    clusterCidrs: flags.clusterCidr.split(","),
    clusterDns: flags.clusterDns?.split(",") ?? [dnsAddressOf(flags.serviceCidr)],
    clusterDomain: flags.clusterDomain,
  };
}

/** Of the interface that the default route leads to, else of the first that others can reach. */
function addressOfThisMachine(): string {
  const interfaces = networkInterfaces();
  const outward = defaultInterface();
  const names = [...(outward === undefined ? [] : [outward]), ...Object.keys(interfaces)];
  for (const name of names) {
    const found = interfaces[name]?.find(({ internal, family }) => !internal && family === "IPv4");
    if (found !== undefined) return found.address;
  }
  throw new CommandError("this machine has no network address but loopback: give one with --node-ip");
}

/** The interface of the IPv4 default route with the lowest metric (proc(5), /proc/net/route). */
function defaultInterface(): string | undefined {
  const [, ...lines] = readFileSync("/proc/net/route", "utf8").trim().split("\n");
  const routes = lines
    .map((line) => line.split("\t"))
    .filter(([, destination, , , , , , mask]) => {
      return destination === "00000000" && mask === "00000000";
    });
  routes.sort((a, b) => Number(a[6]) - Number(b[6]));
  return routes[0]?.[0];
}
