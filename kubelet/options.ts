import type { ResourceList } from "../api/core/v1/pod/resource-list.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { MetricsRegistry } from "../base/metrics.ts";
import type { Random } from "../base/random.ts";
import type { Client, EventRecorder } from "../client/mod.ts";
import type { ContainerEvent, ImageService, RuntimeService } from "../cri/mod.ts";
import type { PodCgroups } from "./cgroups/pod-cgroups.ts";
import type { ImagePuller } from "./images/image-puller.ts";
import type { ReferencedObjects } from "./objects/referenced-objects.ts";
import type { NodeApi } from "./server/node-api.ts";
import type { PodVolumes } from "./volumes/pod-volumes.ts";

export interface KubeletOptions {
  readonly nodeName: string;
  /** Primary first. */
  readonly nodeIPs: readonly string[];
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
  readonly events: EventRecorder;
  /** Made with the kubelet's own followed objects, whose Secrets may hold credentials. */
  readonly imagePuller: (objects: ReferencedObjects, signal: AbortSignal) => ImagePuller;
  readonly cgroups: PodCgroups;
  /** Default: this machine's. */
  readonly volumes?: (objects: ReferencedObjects, signal: AbortSignal) => PodVolumes;
  /** `/var/lib/kubelet`. */
  readonly rootDir: string;
  /** `/var/log/pods`. */
  readonly podLogsDir: string;
  /** Of static pods; none unless given. */
  readonly staticPodDir?: string;
  readonly clusterDomain: string;
  /** Servers that pods ask for names; empty: the node's. */
  readonly clusterDns: readonly string[];
  /** What the node gives to pods. */
  readonly allocatable: ResourceList;
  /** Of the machine. */
  readonly memoryBytes: number;
  /** Told once the kubelet knows its pods: what its HTTPS API and node status go by. */
  readonly onReady?: (kubelet: RunningKubelet) => void;
}

export interface RunningKubelet {
  readonly api: NodeApi;
  /** Milliseconds (monotonic) since when the runtime has answered last; for health. */
  readonly runtimeSeenMs: () => number;
}
