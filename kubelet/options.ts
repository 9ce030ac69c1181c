import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Client } from "../client/mod.ts";
import type { ContainerEvent, ImageService, RuntimeService } from "../cri/mod.ts";
import type { PodCgroups } from "./cgroups/pod-cgroups.ts";
import type { ImagePuller } from "./images/image-puller.ts";
import type { Machine } from "./node-status/machine.ts";
import type { NodeIdentity } from "./node-status/node-object.ts";
import type { Signals } from "./node-status/pressure.ts";
import type { NodeApi } from "./server/node-api.ts";
import type { NodeStats } from "./server/options.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";
import type { PodFiles } from "./worker/pod-files.ts";

/** Where the kubelet's HTTPS API listens, and as whom. */
export interface ServingOptions {
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly key: string;
  readonly cert: string;
  /** PEM of the authorities whose client certificates are known. */
  readonly clientCa: string;
}

/** What a test or a simulation has in the machine's place. Each is the machine's own unless given. */
export interface MachineParts {
  readonly cgroups?: PodCgroups;
  readonly volumes?: PodVolumes;
  readonly puller?: ImagePuller;
  readonly files?: PodFiles;
  readonly machine?: () => Promise<Machine>;
  readonly signals?: () => Promise<Signals>;
}

export interface KubeletOptions {
  /** What the node is registered as. */
  readonly node: NodeIdentity;
  /** As `system:node:NAME`. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics?: MetricsRegistry;
  readonly runtime: RuntimeService;
  readonly images: ImageService;
  /** What happens to containers: `containerEvents(…)`. Its `resync` makes the kubelet list. */
  readonly containerEvents: (signal: AbortSignal) => AsyncIterable<ContainerEvent>;
  /** `/var/lib/kubelet`. */
  readonly rootDir: string;
  /** Where the runtime keeps images: whose filesystem pressure on images is measured on. Default: as `rootDir`. */
  readonly imageDir?: string;
  /** `/var/log/pods`. */
  readonly podLogsDir: string;
  /** Of static pods; none unless given. */
  readonly staticPodDir?: string;
  /** The cgroup above `kubepods`: "/" as upstream, or the node's own. */
  readonly cgroupRoot: string;
  readonly clusterDomain: string;
  /** Servers that pods ask for names; empty: the node's. */
  readonly clusterDns: readonly string[];
  /** Images pulled at a time. Default 1, as upstream. */
  readonly maxParallelPulls?: number;
  /** Without it there is no HTTPS API: neither logs nor exec. */
  readonly serving?: ServingOptions;
  readonly stats?: (api: NodeApi) => NodeStats;
  /** Called with what pods' addresses come from, when that is known and when it changes; the runtime's network is looked at anew after. */
  readonly onPodCIDRs?: (podCIDRs: readonly string[]) => Promise<void> | void;
  /** Told once the kubelet knows its pods. */
  readonly onReady?: (kubelet: RunningKubelet) => void;
  readonly parts?: MachineParts;
}

export interface RunningKubelet {
  readonly api: NodeApi;
  /** Of the HTTPS API; undefined where there is none. */
  readonly port: number | undefined;
}
