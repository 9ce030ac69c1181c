import type { Pod } from "../../api/core/v1/pod.ts";

export interface MountedVolume {
  /** Where the volume lies on this node; for `subPath` see `resolveSubPath`. */
  readonly hostPath: string;
  /** The volume itself may only be read, whatever the container's mount asks for. */
  readonly readOnly: boolean;
}

/**
 * Where the volumes of this node's pods lie.
 *
 * Guarantees: what `prepare` returned stays true to the API (ConfigMaps, Secrets, tokens, labels) until `remove`, and each
 * change of it is atomic for who reads through the mount. Everything is found again from the disk after a restart.
 */
export interface PodVolumes {
  /**
   * Makes all volumes that the pod names, by volume name. Idempotent, and quick when they are there. Rejects with a
   * `VolumeError` where one cannot be made now; whoever asks tries again later.
   */
  prepare(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>>;
  /** Unmounts and removes all that the pod had on this node. Idempotent; the pod may be known by its disk alone. */
  remove(uid: string): Promise<void>;
  /** uids of pods that have something on the disk. */
  known(): Promise<readonly string[]>;
}

/** A volume that cannot be made; the message is upstream's (`MountVolume.SetUp failed for volume "x" : …`). */
export class VolumeError extends Error {
  readonly volume: string;

  constructor(volume: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "VolumeError";
    this.volume = volume;
  }
}
