import { mkdir, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { versionInfo } from "../../apiserver/version.ts";
import { containerEvents, createCriClient } from "../../cri/mod.ts";
import { runKubelet, type ServingOptions } from "../../kubelet/mod.ts";
import { statsOfNode } from "../../kubelet/stats/stats-of-node.ts";
import { writeCniConfiguration } from "../../node/cni/write.ts";
import { bridgeName, cgroupRoot, nodeFiles } from "../../node/files.ts";
import { buildInfo } from "../build-info.ts";
import type { KubeletFlags, NodeFlags } from "../commands/node-options.ts";
import type { ComponentParts } from "../components/component.ts";
import type { NodeFacts } from "./facts.ts";

export interface NodeKubeletOptions {
  readonly facts: NodeFacts;
  /** Absolute. */
  readonly dataDir: string;
  /** Of its HTTPS API. */
  readonly port: number;
  /** Of static pods. */
  readonly manifests: string;
}

const defaultPort = 10_250;
const maxParallelPulls = 4;
/** Upstream's default (--max-pods). */
const maxPods = 110;

export function kubeletOptions(facts: NodeFacts, flags: NodeFlags & Partial<KubeletFlags>): NodeKubeletOptions {
  const dataDir = resolve(flags.dataDir);
  const manifests = resolve(flags.podManifestPath ?? join(dataDir, "manifests"));
  return { facts, dataDir, port: flags.port ?? defaultPort, manifests };
}

/** The kubelet of this node, on the cluster's own containerd, with the cluster's own network of pods. */
export async function runNodeKubelet(
  parts: ComponentParts,
  { facts, dataDir, port, manifests }: NodeKubeletOptions,
  signal: AbortSignal,
): Promise<void> {
  const { nodeName, nodeIPs, clusterDns, clusterDomain } = facts;
  const files = nodeFiles(dataDir);
  const cri = createCriClient({ clock: parts.clock, socketPath: files.containerd.socket });
  const rootDir = join(dataDir, "kubelet");
  const imageDir = files.containerd.root;
  const [serving] = await Promise.all([
    servingOptions(dataDir, port),
    ...[manifests, rootDir].map((folder) => mkdir(folder, { recursive: true })),
  ]);
  const { clock } = parts;
  const stats = await statsOfNode({ nodeName, cgroupRoot: cgroupRoot(dataDir), rootDir, imageDir, clock });
  try {
    await runKubelet(
      {
        ...parts,
        node: {
          name: nodeName,
          hostname: nodeName,
          labels: {},
          taints: [],
          addresses: nodeIPs,
          kubeletVersion: versionInfo(buildInfo).gitVersion,
          kubeletPort: port,
          maxPods,
          reserved: {},
        },
        clusterDns,
        clusterDomain,
        runtime: cri,
        images: cri,
        containerEvents: (until) => containerEvents({ ...parts, client: cri, signal: until }),
        maxParallelPulls,
        rootDir,
        imageDir,
        podLogsDir: join(dataDir, "log", "pods"),
        staticPodDir: manifests,
        cgroupRoot: cgroupRoot(dataDir),
        serving,
        stats,
        onPodCIDRs: (podCidrs) => writeCniConfiguration(files, { bridge: bridgeName(files.directory), podCidrs }),
      },
      signal,
    );
  } finally {
    cri.close();
  }
}

async function servingOptions(dataDir: string, port: number): Promise<ServingOptions> {
  const pki = (file: string): Promise<string> => readFile(join(dataDir, "pki", file), "utf8");
  const [key, cert, clientCa] = await Promise.all([pki("kubelet.key"), pki("kubelet.crt"), pki("ca.crt")]);
  return { host: "0.0.0.0", port, key, cert, clientCa };
}
