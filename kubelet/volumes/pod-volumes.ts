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
  /**
   * The place within a volume that a container's mount with a `subPath` is to have, made where it is missing, and held by a
   * mount of its own, so that nobody who can write to the volume leads the container out of it. Rejects with a
   * `VolumeError` in upstream's words.
   */
  resolveSubPath(request: SubPathRequest): Promise<string>;
  /** Unmounts and removes all that the pod had on this node. Idempotent; the pod may be known by its disk alone. */
  remove(uid: string): Promise<void>;
  /** uids of pods that have something on the disk. */
  known(): Promise<readonly string[]>;
}

export interface SubPathRequest {
  readonly podUid: string;
  readonly container: string;
  readonly volume: string;
  /** `MountedVolume.hostPath`. */
  readonly volumePath: string;
  /** With the container's environment expanded, where it was a `subPathExpr`. */
  readonly subPath: string;
  /** Index of the mount in the container's `volumeMounts`. */
  readonly mountIndex: number;
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
