import type { HostAlias } from "../../api/generated/types/core-v1.ts";

export interface HostsFile {
  readonly podIPs: readonly string[];
  readonly hostname: string;
  /** `subdomain.namespace.svc.cluster.local`; empty: none. */
  readonly domain: string;
  readonly hostAliases?: readonly HostAlias[] | undefined;
}

const localNames = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** A pod's /etc/hosts (pkg/kubelet managedHostsFileContent). */
export function hostsFileOf({ podIPs, hostname, domain, hostAliases }: HostsFile): string {
  const names = domain === "" ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = podIPs.map((ip) => `${ip}\t${names}\n`).join("");
  return `# Kubernetes-managed hosts file.\n${localNames}${own}${aliasLines(hostAliases)}`;
}

/** That of a pod on the node's own network: the node's text, and the pod's aliases (pkg/kubelet nodeHostsFileContent). */
export function nodeHostsFileOf(nodeText: string, hostAliases?: readonly HostAlias[]): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeText}${aliasLines(hostAliases)}`;
}

function aliasLines(hostAliases: readonly HostAlias[] = []): string {
  if (hostAliases.length === 0) return "";
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join("\t")}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join("")}`;
}
