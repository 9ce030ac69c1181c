export interface PodNetwork {
  readonly bridge: string;
  /** Pods of this node get addresses from these, one of each IP family at most. */
  readonly podCidrs: readonly string[];
  /** Where host-local keeps its leases. */
  readonly leases: string;
  /** Absent: the kernel's for a bridge. */
  readonly mtu?: number;
}

/** Name of the network, which host-local's folder of leases bears too. */
export const podNetworkName = "k8ts";

/** The node's network of pods: a bridge, addresses of this node's range, host ports (CNI specification 1.0, plugins' docs). */
export function podNetworkConflist({ bridge, podCidrs, leases, mtu }: PodNetwork): string {
  const v6 = podCidrs.some((cidr) => cidr.includes(":"));
  const v4 = podCidrs.some((cidr) => !cidr.includes(":"));
  const list = {
    cniVersion: "0.4.0",
    name: podNetworkName,
    plugins: [
      {
        type: "bridge",
        bridge,
        isGateway: true,
        // Pods reach themselves through their service.
        hairpinMode: true,
        ...(mtu === undefined ? {} : { mtu }),
        ipam: {
          type: "host-local",
          dataDir: leases,
          ranges: podCidrs.map((subnet) => [{ subnet }]),
          routes: [...(v4 ? [{ dst: "0.0.0.0/0" }] : []), ...(v6 ? [{ dst: "::/0" }] : [])],
        },
      },
      { type: "portmap", capabilities: { portMappings: true }, snat: true },
    ],
  };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}
