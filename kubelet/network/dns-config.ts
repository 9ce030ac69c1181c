import type { Pod } from "../../api/core/v1/pod.ts";
import type { PodDNSConfigOption } from "../../api/generated/types/core-v1.ts";
import type { DNSConfig } from "../../cri/mod.ts";

export interface DnsSettings {
  /** The cluster's DNS servers; empty: none is known. */
  readonly clusterDns: readonly string[];
  /** `cluster.local`. */
  readonly clusterDomain: string;
  /** The text of the node's own resolv.conf; undefined: pods get none of it. */
  readonly nodeResolvConf?: string | undefined;
  readonly nodeIPs?: readonly string[];
}

export interface PodDns {
  readonly config: DNSConfig;
  /** What did not fit or could not be had, as events on the pod say it: reason and message. */
  readonly warnings: readonly { readonly reason: string; readonly message: string }[];
}

// pkg/apis/core/validation
const maxServers = 3;
const maxSearches = 32;
const maxSearchCharacters = 2048;
const maxSearchPath = 253;

/** The lines of a resolv.conf. Of `search` and `options` the last line counts, an option given twice counts once. */
export function parseResolvConf(text: string): DNSConfig {
  const servers: string[] = [];
  let searches: readonly string[] = [];
  let options: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [keyword, ...fields] = line.trim().split(/\s+/);
    if (keyword === "nameserver" && fields[0] !== undefined) servers.push(fields[0]);
    else if (keyword === "search")
      searches = fields.filter((field) => field !== ".").map((field) => field.replace(/\.$/, ""));
    else if (keyword === "options") options = mergeOptions(options, fields.map(parseOption));
  }
  return { servers, searches, options };
}

/** How a pod resolves names (pkg/kubelet/network/dns GetPodDNS). */
export function dnsConfigOf(pod: Pod, settings: DnsSettings): PodDns {
  const warnings: { reason: string; message: string }[] = [];
  const { dnsPolicy, dnsConfig, hostNetwork = false } = pod.spec;
  const isCluster = dnsPolicy === "ClusterFirstWithHostNet" || (dnsPolicy === "ClusterFirst" && !hostNetwork);
  let config: DNSConfig;
  if (dnsPolicy === "None") config = { servers: [], searches: [], options: [] };
  else if (isCluster && settings.clusterDns.length > 0) config = clusterConfig(pod, settings);
  else {
    if (isCluster) warnings.push(missingClusterDns(pod));
    config = nodeConfig(settings);
  }
  if (dnsConfig !== undefined) {
    config = {
      servers: [...new Set([...config.servers, ...(dnsConfig.nameservers ?? [])])],
      searches: [...new Set([...config.searches, ...(dnsConfig.searches ?? [])])],
      options: mergeOptions(config.options, dnsConfig.options ?? []),
    };
  }
  return { config: fit(config, warnings), warnings };
}

function clusterConfig({ metadata }: Pod, { clusterDns, clusterDomain, nodeResolvConf = "" }: DnsSettings): DNSConfig {
  const { searches } = parseResolvConf(nodeResolvConf);
  const ofCluster =
    clusterDomain === "" ? [] : [`${metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain];
  return { servers: clusterDns, searches: [...new Set([...ofCluster, ...searches])], options: ["ndots:5"] };
}

function nodeConfig({ nodeResolvConf, nodeIPs = [] }: DnsSettings): DNSConfig {
  if (nodeResolvConf !== undefined) return parseResolvConf(nodeResolvConf);
  // No server at all would mean one on the same machine to a resolver: say so.
  const servers = nodeIPs.map((ip) => (ip.includes(":") ? "::1" : "127.0.0.1"));
  return { servers: servers.length > 0 ? servers : ["127.0.0.1"], searches: ["."], options: [] };
}

function missingClusterDns({ metadata: { name, namespace, uid } }: Pod): { reason: string; message: string } {
  const message = `kubelet does not have ClusterDNS IP configured and cannot create Pod using "ClusterFirst" policy. Falling back to "Default" policy.`;
  return { reason: "MissingClusterDNS", message: `pod: "${name}_${namespace}(${uid})". ${message}` };
}

function parseOption(text: string): PodDNSConfigOption {
  const [name = "", ...rest] = text.split(":");
  return rest.length === 0 ? { name } : { name, value: rest.join(":") };
}

function mergeOptions(options: readonly string[], more: readonly PodDNSConfigOption[]): readonly string[] {
  const merged = new Map([...options.map(parseOption), ...more].map(({ name = "", value = "" }) => [name, value]));
  return [...merged].map(([name, value]) => (value === "" ? name : `${name}:${value}`));
}

/** What resolvers take: three servers, 32 domains of 253 characters, 2048 characters in all. */
function fit(config: DNSConfig, warnings: { reason: string; message: string }[]): DNSConfig {
  const reason = "DNSConfigForming";
  let { servers } = config;
  if (servers.length > maxServers) {
    servers = servers.slice(0, maxServers);
    const applied = `the applied nameserver line is: ${servers.join(" ")}`;
    const message = `Nameserver limits were exceeded, some nameservers have been omitted, ${applied}`;
    warnings.push({ reason, message });
  }
  const searches = config.searches.slice(0, maxSearches).filter((search) => search.length <= maxSearchPath);
  while (searches.join(" ").length > maxSearchCharacters) searches.pop();
  if (searches.length < config.searches.length) {
    const applied = `the applied search line is: ${searches.join(" ")}`;
    const message = `Search Line limits were exceeded, some search paths have been omitted, ${applied}`;
    warnings.push({ reason, message });
  }
  return { servers, searches, options: config.options };
}

/** A resolv.conf of these settings, for whoever writes the file himself. */
export function resolvConf({ servers, searches, options }: DNSConfig): string {
  const lines = servers.map((server) => `nameserver ${server}\n`);
  if (searches.length > 0) lines.push(`search ${searches.join(" ")}\n`);
  if (options.length > 0) lines.push(`options ${options.join(" ")}\n`);
  return lines.join("");
}
