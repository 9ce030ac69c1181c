import { mkdirSync, realpathSync } from "node:fs";
import type { ResourceList } from "../../api/core/v1/pod/resource-list.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Client } from "../../client/client.ts";
import type { ReferencedObjects } from "../objects/referenced-objects.ts";
import { hostMounts, type Mounts } from "./mounts.ts";
import { ServiceAccountTokens } from "./service-account-tokens.ts";
import { VolumeLayout } from "./volume-layout.ts";

export interface PodVolumesOptions {
  /** The kubelet's own folder, absolute (upstream: /var/lib/kubelet). */
  readonly rootDir: string;
  readonly client: Client;
  /** Pods are registered with it when their volumes are prepared, and leave when they are removed. */
  readonly objects: ReferencedObjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The node's, `{ cpu: "2", memory: "8Gi", "ephemeral-storage": … }`. */
  readonly allocatable: () => ResourceList;
  /** Default: the machine's. */
  readonly mounts?: Mounts;
}

/** All that making a volume may need. */
export interface VolumeWorld extends PodVolumesOptions {
  readonly mounts: Mounts;
  readonly layout: VolumeLayout;
  readonly tokens: ServiceAccountTokens;
}

export function volumeWorld(options: PodVolumesOptions): VolumeWorld {
  return {
    ...options,
    mounts: options.mounts ?? hostMounts,
    layout: new VolumeLayout(canonical(options.rootDir)),
    tokens: new ServiceAccountTokens(options),
  };
}

/** As the kernel's mount table names it. */
function canonical(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o750 });
  return realpathSync(path);
}
