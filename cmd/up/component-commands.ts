import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { prepareContainerd } from "../../node/containerd/prepare.ts";
import { within } from "../../node/process/run.ts";
import { buildInfo } from "../build-info.ts";
import { type Cluster, logFile } from "./cluster.ts";
import type { ComponentCommand, SupervisorOrders } from "./supervisor/component.ts";

/** Of the processes that only hold objects and rules: a young heap of this size keeps them small, at little cost. */
const nodeFlags = ["--max-semi-space-size=8"];

export interface OrdersOptions {
  readonly cluster: Cluster;
  readonly nodeIp: string;
  /** The node's own part of the pod range. */
  readonly podCidrs: readonly string[];
  /** The path of this program. */
  readonly program: string;
}

/** What the supervisor of a cluster is to run; writes what containerd needs on the way. */
export async function ordersOf({ cluster, nodeIp, podCidrs, program }: OrdersOptions): Promise<SupervisorOrders> {
  const { dataDir, settings } = cluster;
  const [place] = cluster.nodes;
  const containerd = await prepareContainerd({ place: place!, podCidrs });
  const ranges = ["--service-cidr", settings.serviceCidr, "--cluster-cidr", settings.podCidr];
  const own = (name: string, ...args: readonly string[]): ComponentCommand => ({
    name,
    command: process.execPath,
    args: [...nodeFlags, program, name, "--data-dir", dataDir, ...args],
    log: logFile(dataDir, name),
    cgroup: "system",
  });
  const [command, args] = within(place!.networkNamespace, containerd.command, containerd.args);
  return {
    cgroupRoot: cluster.cgroupRoot,
    build: `${buildInfo.commit} ${statSync(program).mtimeMs}`,
    components: [
      { name: "containerd", command, args, log: containerd.files.containerd.log, cgroup: "runtime" },
      own(
        "server",
        ...["--store", settings.store, "--api-port", String(settings.apiPort), "--advertise-address", nodeIp],
        ...["--node-name", settings.nodeName, "--node-ip", nodeIp],
        ...ranges,
      ),
      own(
        "node",
        ...["--hostname-override", settings.nodeName, "--node-ip", nodeIp, "--port", String(settings.kubeletPort)],
        ...ranges,
      ),
    ],
  };
}

/** The supervisor lies beside the program in a build, and beside this file in the sources. */
export function supervisorProgram(): string {
  const source = import.meta.url.endsWith(".ts");
  return fileURLToPath(new URL(source ? "./supervisor/main.ts" : "./supervisor.mjs", import.meta.url));
}
