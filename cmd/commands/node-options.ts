import type { Command } from "commander";
import { addComponentFlags, type ComponentFlags } from "./component-options.ts";
import { portNumber } from "./numbers.ts";

/** Flags of everything that runs on a node, under upstream's names where upstream has them. */
export interface NodeFlags extends ComponentFlags {
  readonly hostnameOverride?: string;
  readonly nodeIp?: string;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  readonly clusterDns?: string;
  readonly clusterDomain: string;
}

export interface KubeletFlags {
  readonly port: number;
  readonly podManifestPath?: string;
}

export function addKubeletFlags(command: Command): Command {
  return command
    .option("--port <port>", "port of the kubelet's HTTPS API", portNumber, 10250)
    .option("--pod-manifest-path <dir>", "directory of static pods (default: manifests in the data directory)");
}

export function addNodeFlags(command: Command, kubeconfig: string): Command {
  return addComponentFlags(command, kubeconfig)
    .option("--hostname-override <name>", "name of this node (default: the host's name)")
    .option("--node-ip <ip>[,<ip>]", "addresses of this node (default: that of the interface with the default route)")
    .option("--service-cidr <cidr>[,<cidr>]", "range of service addresses", "10.96.0.0/16")
    .option("--cluster-cidr <cidr>[,<cidr>]", "range of pod addresses", "10.244.0.0/16")
    .option("--cluster-dns <ip>[,<ip>]", "where pods ask for names (default: the tenth address of the service range)")
    .option("--cluster-domain <domain>", "names of services end in it", "cluster.local");
}
