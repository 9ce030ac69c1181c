import type { EventRecorder } from "../client/mod.ts";
import { podHostName } from "./container/hostname.ts";
import { dnsConfigOf } from "./network/dns-config.ts";
import { hostsFileOf, nodeHostsFileOf } from "./network/hosts-file.ts";
import type { Ground } from "./worker/ground.ts";
import type { PodFiles } from "./worker/pod-files.ts";

export interface PodNetworkOptions {
  readonly events: EventRecorder;
  readonly files: Pick<PodFiles, "nodeFile">;
  readonly clusterDomain: string;
  readonly clusterDns: readonly string[];
  readonly nodeIPs: readonly string[];
}

/** What pods are told of names: their /etc/hosts, and whom to ask. */
export function podNetwork(options: PodNetworkOptions): Pick<Ground, "hostsFile" | "dnsConfig"> {
  const { clusterDomain, clusterDns, nodeIPs, events, files } = options;
  return {
    async hostsFile(pod, podIPs) {
      const { hostAliases, hostNetwork } = pod.spec;
      if (hostNetwork) return nodeHostsFileOf((await files.nodeFile("/etc/hosts")) ?? "", hostAliases);
      return hostsFileOf({ ...podHostName(pod, clusterDomain), podIPs, hostAliases });
    },
    async dnsConfig(pod) {
      const nodeResolvConf = await files.nodeFile("/etc/resolv.conf");
      const { config, warnings } = dnsConfigOf(pod, { clusterDns, clusterDomain, nodeIPs, nodeResolvConf });
      for (const warning of warnings) events.event(pod, { type: "Warning", ...warning });
      return config;
    },
  };
}
