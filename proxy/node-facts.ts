/** What rules depend on beside services and their endpoints. */
export interface NodeFacts {
  readonly nodeName: string;
  /** The node's zone, label `topology.kubernetes.io/zone`; "" where it has none. */
  readonly zone: string;
  /**
   * The node's primary addresses. Node ports answer at these (upstream: `--nodeport-addresses=primary`, its default with
   * nftables), and not at 127.0.0.1, as with upstream's nftables: such packets could not be sent on without `route_localnet`.
   */
  readonly nodeIPs: readonly string[];
  /** Where pods have their addresses. What comes from elsewhere to a ClusterIP is masqueraded (upstream: `--cluster-cidr`). */
  readonly clusterCidrs: readonly string[];
  /** No packet to these ranges leaves the node. */
  readonly serviceCidrs: readonly string[];
  /** Addresses of the service range that a process of this node answers at, as DNS does: left alone. */
  readonly localServiceIPs: readonly string[];
  /** The tables are `ip NAME` and `ip6 NAME`: proxies with different names do not meet. */
  readonly tableName: string;
  /** The bit of a packet's mark that asks for masquerading (upstream: `--iptables-masquerade-bit=14`, 0x4000). */
  readonly masqueradeMark: number;
}

export const defaultTableName = "k8ts-proxy";
export const defaultMasqueradeMark = 0x4000;
