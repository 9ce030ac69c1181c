import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { dirname } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";
import type { Volume } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";
import { abortable, onAbort } from "../../base/cancellation.ts";
import type { Timer } from "../../base/clock.ts";
import { writeAtomically } from "./atomic-writer.ts";
import { collectPayload, isCollected } from "./collect-payload.ts";
import { makeEmptyDir } from "./empty-dir.ts";
import { checkHostPath } from "./host-path.ts";
import { unmountBelow } from "./mounts.ts";
import { changeOwnership } from "./ownership.ts";
import { resolveClaim } from "./persistent-volumes.ts";
import { type MountedVolume, type PodVolumes, type SubPathRequest, VolumeError } from "./pod-volumes.ts";
import { bindSubPath, checkSubPath, makeWithin } from "./sub-path.ts";
import { messageOf, setUpFailed } from "./volume-errors.ts";
import { mountedVolumes, nestedMountPoints, pluginOf } from "./volume-layout.ts";
import { prepareRoot, unmountRoot } from "./volume-root.ts";
import { type PodVolumesOptions, type VolumeWorld, volumeWorld } from "./volume-world.ts";

export interface NodeVolumes extends PodVolumes {
  /** Unmounts all that this kubelet has mounted below its root. For a node that goes for good. */
  unmountAll(): Promise<void>;
}

/** A pod whose volumes are kept true. */
interface Kept {
  pod: Pod;
  /** What is being done to its volumes: one thing at a time. */
  work: Promise<unknown>;
  timer: Timer | undefined;
}

/** How soon files that could not be brought up to date are tried again. */
const retryMs = 30_000;

/** Keeps volumes until `signal` aborts; then what is there stays, and no longer changes. */
export function createPodVolumes(options: PodVolumesOptions, signal: AbortSignal): NodeVolumes {
  return new KeptVolumes(volumeWorld(options), signal);
}

class KeptVolumes implements NodeVolumes {
  readonly #world: VolumeWorld;
  readonly #signal: AbortSignal;
  readonly #kept = new Map<string, Kept>();
  #rootReady: Promise<void> | undefined;

  constructor(world: VolumeWorld, signal: AbortSignal) {
    this.#world = world;
    this.#signal = signal;
    const listening = world.objects.onChange((uids) => {
      for (const uid of uids) this.#refresh(uid);
    });
    onAbort(signal, () => {
      listening[Symbol.dispose]();
      for (const { timer } of this.#kept.values()) timer?.clear();
    });
  }

  async prepare(pod: Pod, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>> {
    const uid = pod.metadata.uid ?? "";
    this.#world.objects.register(pod);
    const kept: Kept = this.#kept.get(uid) ?? { pod, work: Promise.resolve(), timer: undefined };
    this.#kept.set(uid, kept);
    kept.pod = pod;
    const made = this.#inTurn(kept, async () => {
      await this.#ready();
      await mkdir(this.#world.layout.pod(uid), { recursive: true, mode: 0o750 });
      return this.#makeAll(kept, signal);
    });
    return abortable(made, signal);
  }

  async resolveSubPath(request: SubPathRequest): Promise<string> {
    const { podUid, container, volume, volumePath, subPath, mountIndex } = request;
    const { layout, mounts, logger } = this.#world;
    const failed = (what: string, error: unknown): VolumeError => {
      // The details would tell the pod's author about the node's files.
      logger.warn("Sub-path of a volume cannot be used", { podUid, container, volume, error });
      const message = `failed to ${what} for volumeMount ${goQuote(volume)} of container ${goQuote(container)}`;
      return new VolumeError(volume, message, { cause: error });
    };
    try {
      checkSubPath(subPath);
    } catch (error) {
      throw new VolumeError(volume, messageOf(error), { cause: error });
    }
    await makeWithin(volumePath, subPath).catch((error: unknown) => {
      throw failed("create subPath directory", error);
    });
    const target = layout.subPath(podUid, volume, container, mountIndex);
    await bindSubPath(mounts, volumePath, subPath, target).catch((error: unknown) => {
      throw failed("prepare subPath", error);
    });
    return target;
  }

  async remove(uid: string): Promise<void> {
    const { layout, tokens, objects } = this.#world;
    const kept = this.#kept.get(uid);
    this.#kept.delete(uid);
    kept?.timer?.clear();
    await kept?.work.catch(() => {}); // Whoever asked for it has been told.
    tokens.forget(uid);
    objects.unregister(uid);
    await unmountBelow(layout.pod(uid), this.#world);
    await rm(layout.pod(uid), { recursive: true, force: true });
    await rm(`${layout.memory}/${uid}`, { recursive: true, force: true });
  }

  async known(): Promise<readonly string[]> {
    const { layout } = this.#world;
    const found = await Promise.all([layout.pods, layout.memory].map(namesIn));
    return [...new Set(found.flat())];
  }

  async unmountAll(): Promise<void> {
    await unmountRoot(this.#world);
    this.#rootReady = undefined;
  }

  #inTurn<T>(kept: Kept, work: () => Promise<T>): Promise<T> {
    const result = kept.work.catch(() => {}).then(work);
    kept.work = result.catch(() => {});
    return result;
  }

  async #ready(): Promise<void> {
    this.#rootReady ??= prepareRoot(this.#world);
    try {
      await this.#rootReady;
    } catch (error) {
      this.#rootReady = undefined;
      throw error;
    }
  }

  async #makeAll(kept: Kept, signal: AbortSignal): Promise<ReadonlyMap<string, MountedVolume>> {
    const volumes = mountedVolumes(kept.pod);
    let refreshAtMs = Number.POSITIVE_INFINITY;
    const made = await Promise.allSettled(
      volumes.map(async (volume) => {
        try {
          const { mounted, againAtMs } = await this.#make(kept.pod, volume, signal);
          refreshAtMs = Math.min(refreshAtMs, againAtMs);
          return mounted;
        } catch (error) {
          throw setUpFailed(volume.name, error);
        }
      }),
    );
    const failure = made.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    this.#wakeAt(kept, refreshAtMs);
    const mounted = made.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    return new Map(volumes.map(({ name }, i) => [name, mounted[i]!]));
  }

  async #make(
    pod: Pod,
    volume: Volume,
    signal: AbortSignal,
  ): Promise<{ readonly mounted: MountedVolume; readonly againAtMs: number }> {
    const againAtMs = Number.POSITIVE_INFINITY;
    if (isCollected(volume)) return this.#makeCollected(pod, volume, signal);
    const { layout, mounts, client, allocatable } = this.#world;
    const { name, emptyDir, hostPath, persistentVolumeClaim, ephemeral } = volume;
    const uid = pod.metadata.uid ?? "";
    if (emptyDir !== undefined) {
      const path = layout.volume(uid, "kubernetes.io~empty-dir", name);
      const readyFile = layout.ready(uid, name);
      await makeEmptyDir(pod, { source: emptyDir, path, readyFile, mounts, allocatable: allocatable() });
      return { mounted: { hostPath: path, readOnly: false }, againAtMs };
    }
    if (hostPath !== undefined) {
      await checkHostPath(hostPath.path, hostPath.type);
      return { mounted: { hostPath: hostPath.path, readOnly: false }, againAtMs };
    }
    if (persistentVolumeClaim !== undefined || ephemeral !== undefined) {
      const claim = {
        claimName: persistentVolumeClaim?.claimName ?? `${pod.metadata.name}-${name}`,
        readOnly: persistentVolumeClaim?.readOnly ?? false,
        ephemeral: ephemeral !== undefined,
      };
      const { path, hostPathType, ownable, readOnly } = await resolveClaim(client, pod, claim, signal);
      await checkHostPath(path, hostPathType);
      const { fsGroup, fsGroupChangePolicy: changePolicy } = pod.spec.securityContext ?? {};
      if (ownable && fsGroup !== undefined) await changeOwnership(path, { fsGroup, readOnly, changePolicy });
      return { mounted: { hostPath: path, readOnly }, againAtMs };
    }
    throw new VolumeError(
      name,
      `MountVolume.FindPluginBySpec failed for volume ${goQuote(name)} : no volume plugin matched`,
    );
  }

  async #makeCollected(
    pod: Pod,
    volume: Volume,
    signal: AbortSignal,
  ): Promise<{ readonly mounted: MountedVolume; readonly againAtMs: number }> {
    const { layout } = this.#world;
    const { plugin, inMemory } = pluginOf(volume);
    const uid = pod.metadata.uid ?? "";
    const { payload, refreshAtMs } = await collectPayload(pod, volume, this.#world, signal);
    const usual = layout.volume(uid, plugin, volume.name);
    const path = inMemory ? layout.inMemory(uid, plugin, volume.name) : usual;
    await mkdir(path, { recursive: true, mode: 0o755 });
    if (inMemory) await linkTo(usual, path);
    for (const nested of nestedMountPoints(pod, volume.name)) await mkdir(`${path}/${nested}`, { recursive: true });
    const fsGroup = pod.spec.securityContext?.fsGroup;
    await writeAtomically(path, payload, {
      ...this.#world,
      ...(fsGroup === undefined ? {} : { beforePublish: () => changeOwnership(path, { fsGroup, readOnly: true }) }),
    });
    return { mounted: { hostPath: path, readOnly: true }, againAtMs: refreshAtMs };
  }

  #wakeAt(kept: Kept, atMs: number): void {
    kept.timer?.clear();
    kept.timer = undefined;
    if (atMs === Number.POSITIVE_INFINITY || this.#signal.aborted) return;
    const delayMs = Math.max(1000, atMs - this.#world.clock.now());
    kept.timer = this.#world.clock.setTimer(delayMs, () => this.#refresh(kept.pod.metadata.uid ?? "")).unref();
  }

  /** Brings the files of a pod up to date. What fails is tried again: at the next change, and after a while. */
  #refresh(uid: string): void {
    const kept = this.#kept.get(uid);
    if (kept === undefined || this.#signal.aborted) return;
    const refreshed = this.#inTurn(kept, async () => {
      if (this.#kept.get(uid) !== kept) return;
      let againAtMs = Number.POSITIVE_INFINITY;
      for (const volume of mountedVolumes(kept.pod).filter(isCollected)) {
        try {
          againAtMs = Math.min(againAtMs, (await this.#makeCollected(kept.pod, volume, this.#signal)).againAtMs);
        } catch (error) {
          this.#world.logger.warn("Volume could not be brought up to date", { uid, volume: volume.name, error });
          againAtMs = Math.min(againAtMs, this.#world.clock.now() + retryMs);
        }
      }
      this.#wakeAt(kept, againAtMs);
    });
    refreshed.catch((error: unknown) => this.#world.logger.error("Volumes could not be kept", { uid, error }));
  }
}

/** People look where upstream has its mounts. */
async function linkTo(link: string, target: string): Promise<void> {
  await mkdir(dirname(link), { recursive: true, mode: 0o750 });
  await symlink(target, link).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
}

async function namesIn(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
