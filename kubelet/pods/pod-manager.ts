import type { Pod } from "../../api/core/v1/pod.ts";
import type { EventHandler } from "../../client/mod.ts";
import type { Ground } from "../worker/ground.ts";
import type { Waiting } from "../worker/memory.ts";
import { PodWorker } from "../worker/pod-worker.ts";
import { orphanPod } from "./orphan.ts";
import { fullName, isMirrorPod } from "./static-annotations.ts";

export interface PodManagerOptions {
  readonly ground: Ground;
  /** Why a pod that is new here must not run here, given those that hold resources; undefined: it may. */
  readonly admit: (pod: Pod, others: readonly Pod[]) => Waiting | undefined;
  /** A static pod's mirror in the API is missing or out of date. */
  readonly onMirrorNeeded: (pod: Pod, mirror: Pod | undefined) => void;
  readonly signal: AbortSignal;
}

/**
 * The pods of this node, each with its worker: those that the API binds to it, static ones, and those of which only traces are
 * left. A pod made anew under an old name is another pod: it has a uid of its own.
 */
export class PodManager {
  readonly #options: PodManagerOptions;
  readonly #workers = new Map<string, PodWorker>();
  /** By full name. */
  readonly #mirrors = new Map<string, Pod>();
  /** As the API has them, by uid. */
  readonly #apiPods = new Map<string, Pod>();
  /** By uid. */
  #statics = new Map<string, Pod>();

  constructor(options: PodManagerOptions) {
    this.#options = options;
  }

  get workers(): IterableIterator<PodWorker> {
    return this.#workers.values();
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** The API's object of a pod: of a static one, its mirror. */
  apiPod(uid: string): Pod | undefined {
    const pod = this.#statics.get(uid);
    return pod === undefined ? this.#apiPods.get(uid) : this.#mirrors.get(fullName(pod));
  }

  mirrorOf(pod: Pod): Pod | undefined {
    return this.#mirrors.get(fullName(pod));
  }

  wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** ConfigMaps or Secrets that these pods name have changed. */
  objectsChanged(uids: readonly string[]): void {
    for (const uid of uids) this.#workers.get(uid)?.objectsChanged();
  }

  wakeAll(): void {
    for (const worker of this.#workers.values()) worker.wake();
  }

  /** What the informer of this node's pods is to tell. */
  readonly handler: EventHandler<Pod> = {
    add: (pod) => this.#set(pod),
    update: (pod) => this.#set(pod),
    delete: (pod) => this.#delete(pod),
  };

  /** All static pods there are to be. */
  setStatic(pods: readonly Pod[]): void {
    const before = this.#statics;
    this.#statics = new Map(pods.map((pod) => [pod.metadata.uid ?? "", pod]));
    for (const uid of before.keys()) if (!this.#statics.has(uid)) this.#workers.get(uid)?.remove();
    for (const pod of pods) this.#keep(this.#withMirrorStatus(pod));
    this.checkMirrors();
  }

  /** Asks for mirrors that are missing or of another version of their pod, and for the end of those without a pod. */
  checkMirrors(): void {
    const { onMirrorNeeded } = this.#options;
    const names = new Set<string>();
    for (const pod of this.#statics.values()) {
      names.add(fullName(pod));
      onMirrorNeeded(pod, this.#mirrors.get(fullName(pod)));
    }
    for (const [name, mirror] of this.#mirrors) if (!names.has(name)) onMirrorNeeded(mirror, mirror);
  }

  /** Ends what the runtime has, and nobody wants: to be called when both are known in full. */
  adoptOrphans(): void {
    for (const runtime of [...this.#options.ground.cache.pods()]) {
      if (this.#workers.has(runtime.uid)) continue;
      this.#add(orphanPod(runtime, runtime), { orphan: true });
    }
  }

  /** Resolves when no worker has anything under way. */
  async settled(): Promise<void> {
    await Promise.all(Array.from(this.#workers.values(), (worker) => worker.settled()));
  }

  #set(pod: Pod): void {
    if (isMirrorPod(pod)) {
      this.#mirrors.set(fullName(pod), pod);
      for (const [uid, known] of this.#statics) {
        if (fullName(known) !== fullName(pod)) continue;
        this.#keep(this.#withMirrorStatus(known));
        this.#options.ground.statuses.check(uid);
      }
      this.checkMirrors();
      return;
    }
    const uid = pod.metadata.uid ?? "";
    this.#apiPods.set(uid, pod);
    this.#keep(pod);
    this.#options.ground.statuses.check(uid);
  }

  #delete(pod: Pod): void {
    if (isMirrorPod(pod)) {
      this.#mirrors.delete(fullName(pod));
      this.checkMirrors();
      return;
    }
    const uid = pod.metadata.uid ?? "";
    this.#apiPods.delete(uid);
    const worker = this.#workers.get(uid);
    worker?.update(pod);
    worker?.remove();
  }

  /** A static pod's status is its mirror's: there is no other place for it. */
  #withMirrorStatus(pod: Pod): Pod {
    const mirror = this.#mirrors.get(fullName(pod));
    return mirror === undefined ? pod : { ...pod, status: mirror.status };
  }

  #keep(pod: Pod): void {
    const uid = pod.metadata.uid ?? "";
    const worker = this.#workers.get(uid);
    if (worker !== undefined) worker.update(pod);
    else this.#add(pod, this.#judge(pod));
  }

  /** Pods that are new here are judged; those that are under way or done are not. */
  #judge(pod: Pod): { readonly rejected?: Waiting } {
    const { cache, events } = this.#options.ground;
    const { uid = "", name = "", namespace = "", deletionTimestamp } = pod.metadata;
    const { phase = "Pending" } = pod.status;
    const known = cache.pod({ uid, name, namespace });
    if (phase !== "Pending" || deletionTimestamp !== undefined || known.containers.length > 0) return {};
    const others = [...this.#workers.values()].filter((worker) => worker.holdsResources).map((worker) => worker.pod);
    const refusal = this.#options.admit(pod, others);
    if (refusal === undefined) return {};
    events.event(pod, { type: "Warning", ...refusal });
    return { rejected: { reason: refusal.reason, message: `Pod was rejected: ${refusal.message}` } };
  }

  #add(pod: Pod, more: { readonly orphan?: boolean; readonly rejected?: Waiting }): void {
    const uid = pod.metadata.uid ?? "";
    const { ground, signal } = this.#options;
    const onForgotten = (): void => void this.#workers.delete(uid);
    const worker = new PodWorker({ ground, pod, signal, onForgotten, ...more });
    this.#workers.set(uid, worker);
    worker.wake();
  }
}
