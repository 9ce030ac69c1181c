import type { Command } from "commander";
import { defaultDataDir } from "../data-dir.ts";
import { portNumber } from "./numbers.ts";

export interface UpFlags {
  readonly dataDir: string;
  readonly store?: string;
  readonly apiPort?: number;
  readonly podCidr?: string;
  readonly serviceCidr?: string;
  readonly nodeName?: string;
  readonly nodeIp?: string;
  readonly kubeconfig?: string;
}

const examples = `
A cluster keeps the settings of its first start: later ones need no flags.

Examples:
  sudo k8ts up                                   a cluster on this machine, or the one that is here again
  sudo k8ts up --data-dir ./data --api-port 7443 another one beside it

Then:
  kubectl get nodes                              its context is the current one
  sudo k8ts status                               what runs
  sudo k8ts down                                 stops it; up goes on with it
  sudo k8ts delete                               leaves nothing behind
`;

export function addUpCommand(program: Command): void {
  program
    .command("up")
    .description("start a cluster on this machine, or go on with it; returns once it is ready")
    .option("--data-dir <dir>", "where everything of this cluster lies", defaultDataDir)
    .option("--store <store>", "where objects are kept: sqlite, memory or etcd=URL[,URL] (default: sqlite)")
    .option("--api-port <port>", "port of the API server (default: 6443)", portNumber)
    .option("--pod-cidr <cidr>[,<cidr>]", "range of pod addresses (default: 10.244.0.0/16)")
    .option("--service-cidr <cidr>[,<cidr>]", "range of service addresses (default: 10.96.0.0/16)")
    .option("--node-name <name>", "name of the node (default: the host's name)")
    .option("--node-ip <ip>[,<ip>]", "addresses of the node (default: that of the interface with the default route)")
    .option("--kubeconfig <file>", "where the context is put (default: the first of $KUBECONFIG, else ~/.kube/config)")
    .addHelpText("after", examples)
    .action(async (flags: UpFlags) => {
      const { up } = await import("../up/up.ts");
      await up(flags, (component) => program.commands.some((command) => command.name() === component));
    });
}
