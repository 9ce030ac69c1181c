import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, ObjectReference, Service } from "../../api/generated/types/core-v1.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { LruMap } from "../../base/lru-map.ts";
import type { EventRecorder } from "../../client/mod.ts";
import type { DNSConfig, ImageService, Init, RuntimeService } from "../../cri/mod.ts";
import type { PodCgroups } from "../cgroups/pod-cgroups.ts";
import type { ImageUser } from "../container/security-context.ts";
import type { ImagePuller } from "../images/image-puller.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import type { ProbeManager } from "../probes/probe-manager.ts";
import type { RuntimeCache } from "../runtime/runtime-cache.ts";
import type { StatusWriter } from "../status/status-writer.ts";
import type { PodVolumes } from "../volumes/pod-volumes.ts";
import type { PodFiles } from "./pod-files.ts";

/** The services that a pod's environment speaks of. */
export interface ServiceSource {
  /** Resolves once all have been read. */
  synced(signal: AbortSignal): Promise<void>;
  all(): Iterable<Service>;
}

/** What all workers of a node share. */
export interface Ground {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: EventRecorder;
  readonly runtime: RuntimeService;
  readonly images: Pick<ImageService, "imageStatus">;
  readonly cache: RuntimeCache;
  readonly statuses: StatusWriter;
  readonly puller: ImagePuller;
  readonly volumes: PodVolumes;
  readonly objects: ReferencedObjects;
  readonly probes: ProbeManager;
  readonly cgroups: PodCgroups;
  readonly services: ServiceSource;
  /** A pod's /etc/hosts. */
  readonly hostsFile: (pod: Pod, podIPs: readonly string[]) => string | Promise<string>;
  readonly dnsConfig: (pod: Pod) => Init<DNSConfig> | Promise<Init<DNSConfig>>;
  /** The handler of a RuntimeClass; rejects where there is no such class. */
  readonly runtimeHandler: (runtimeClass: string) => Promise<string>;
  /** Why the network of pods is not there yet; undefined: it is. */
  readonly networkError: () => string | undefined;
  /** What images say of their user, by image. */
  readonly imageUsers: LruMap<string, ImageUser>;
  readonly nodeIPs: () => readonly string[];
  /** What the node gives to pods. */
  readonly allocatable: () => ResourceList;
  readonly memoryBytes: number;
  readonly files: PodFiles;
  readonly podLogsDir: string;
  readonly seccompRoot: string;
  readonly clusterDomain: string;
}

/** A container as events refer to it: a field of its pod (pkg/kubelet/container GenerateContainerRef). */
export function containerReference(pod: Pod, container: Container | { readonly name: string }): ObjectReference {
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  const { initContainers = [], ephemeralContainers = [] } = pod.spec;
  const named = (one: { readonly name: string }): boolean => one.name === container.name;
  const list = initContainers.some(named)
    ? "initContainers"
    : ephemeralContainers.some(named)
      ? "ephemeralContainers"
      : "containers";
  return {
    apiVersion: "v1",
    kind: "Pod",
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    fieldPath: `spec.${list}{${container.name}}`,
  };
}
