import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { type ContainerEvent, type ContainerStatus, isCriError, type RuntimeService } from "../../cri/mod.ts";
import { containerOf, sandboxOf } from "./from-cri.ts";
import { identityOf } from "./labels.ts";
import {
  emptyRuntimePod,
  type PodIdentity,
  type RuntimeContainer,
  type RuntimePod,
  type RuntimeSandbox,
  withContainer,
  withoutContainer,
  withoutSandbox,
  withSandbox,
} from "./runtime-pod.ts";
import { joinMessages } from "./termination-message.ts";

export interface RuntimeCacheOptions {
  readonly runtime: RuntimeService;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What an ended container says of its end. */
  readonly terminationMessage: (status: ContainerStatus) => Promise<string>;
}

/** How often the runtime is asked whether it has understood an exit, and how long between. */
const exitReads = 12;
const firstExitReadMs = 10;
const slowestExitReadMs = 200;
/** Statuses asked for at a time when everything is listed. */
const statusesAtOnce = 16;

/**
 * What the runtime has of this node's pods, kept current by lists, its events and what this kubelet does itself.
 *
 * Guarantees: a container that has exited never appears to run again; what was noted while a list was under way is not undone
 * by it; listeners are called after the change, once for each.
 */
export class RuntimeCache {
  readonly #runtime: RuntimeService;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #terminationMessage: RuntimeCacheOptions["terminationMessage"];
  readonly #pods = new Map<string, RuntimePod>();
  /** uid of the pod, by id of container or sandbox. */
  readonly #owners = new Map<string, string>();
  /** When each id was last noted: see `#sequence`. */
  readonly #noted = new Map<string, number>();
  /** Ended containers of which reason and message are still to be learned. */
  readonly #undetailed = new Set<string>();
  readonly #listeners = new Set<(uid: string) => void>();
  #sequence = 0;

  constructor({ runtime, clock, logger, terminationMessage }: RuntimeCacheOptions) {
    this.#terminationMessage = terminationMessage;
    this.#runtime = runtime;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Empty where the runtime has nothing of it. */
  pod(identity: PodIdentity): RuntimePod {
    return this.#pods.get(identity.uid) ?? emptyRuntimePod(identity);
  }

  pods(): IterableIterator<RuntimePod> {
    return this.#pods.values();
  }

  /** Whether reasons and messages of all its ended containers are known. */
  isDetailed(uid: string): boolean {
    for (const { id } of this.#pods.get(uid)?.containers ?? []) if (this.#undetailed.has(id)) return false;
    return true;
  }

  /** Told the uid of each pod of which something has changed. Dispose to hear no more. */
  onChange(listener: (uid: string) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  noteSandbox(identity: PodIdentity, sandbox: RuntimeSandbox): void {
    this.#note(sandbox.id, identity.uid);
    this.#set(withSandbox(this.pod(identity), sandbox));
  }

  noteContainer(identity: PodIdentity, container: RuntimeContainer): void {
    const known = this.#find(container.id);
    if (known?.state === "exited" && container.state !== "exited") return;
    this.#note(container.id, identity.uid);
    this.#set(withContainer(this.pod(identity), container));
  }

  noteSandboxStopped(id: string): void {
    const pod = this.#podOf(id);
    const sandbox = pod?.sandboxes.find((sandbox) => sandbox.id === id);
    if (pod === undefined || sandbox === undefined || !sandbox.ready) return;
    this.#note(id, pod.uid);
    this.#set(withSandbox(pod, { ...sandbox, ready: false }));
  }

  noteRemoved(id: string): void {
    const pod = this.#podOf(id);
    if (pod === undefined) return;
    this.#owners.delete(id);
    this.#noted.delete(id);
    this.#undetailed.delete(id);
    this.#set(withoutSandbox(withoutContainer(pod, id), id));
  }

  /** Takes in what an event says at once; reasons and messages follow. `resync` is the caller's: `relist`. */
  apply(event: ContainerEvent): void {
    if (event.kind === "deleted") this.noteRemoved(event.containerId);
    if (event.kind !== "exited") return;
    const { containerId, exitCode, exitedAt } = event;
    const pod = this.#podOf(containerId);
    const container = pod?.containers.find(({ id }) => id === containerId);
    if (pod === undefined || container === undefined) {
      this.noteSandboxStopped(containerId);
      return;
    }
    if (container.state === "exited") return;
    const startedAtMs = container.startedAtMs === 0 ? container.createdAtMs : container.startedAtMs;
    const ended: RuntimeContainer = {
      ...container,
      state: "exited",
      startedAtMs,
      finishedAtMs: exitedAt / 1_000_000,
      exitCode: exitCode ?? 0,
      reason: exitCode === 0 ? "Completed" : "Error",
    };
    this.#undetailed.add(containerId);
    if (exitCode !== undefined) this.noteContainer(pod, ended);
    this.#detail(pod, ended).catch((error: unknown) => {
      this.#logger.warn("the end of a container could not be read", { container: containerId, error });
      this.#undetailed.delete(containerId);
      this.#tell(pod.uid);
    });
  }

  /** Reads a container's status anew; undefined: the runtime has no such container. */
  async refreshContainer(
    identity: PodIdentity,
    { id, sandboxId }: Pick<RuntimeContainer, "id" | "sandboxId">,
    signal?: AbortSignal,
  ): Promise<RuntimeContainer | undefined> {
    const container = await this.#readContainer(id, sandboxId, signal);
    if (container === undefined) this.noteRemoved(id);
    else this.noteContainer(identity, container);
    return container;
  }

  /** Lists everything. Only what is new or has changed is asked for in detail. */
  async relist(signal: AbortSignal): Promise<void> {
    const since = this.#sequence;
    const [{ items }, { containers }] = await Promise.all([
      this.#runtime.listPodSandbox({}, signal),
      this.#runtime.listContainers({}, signal),
    ]);
    const listed = new Set<string>();
    const reads: (() => Promise<void>)[] = [];
    for (const { id, labels, state } of items) {
      const identity = identityOf(labels);
      if (identity === undefined) continue;
      listed.add(id);
      const known = this.#podOf(id)?.sandboxes.find((sandbox) => sandbox.id === id);
      if (known?.ready === (state === "SANDBOX_READY") || this.#isNewer(id, since)) continue;
      reads.push(() => this.#readSandbox(identity, id, signal));
    }
    for (const { id, labels, state, podSandboxId } of containers) {
      const identity = identityOf(labels);
      if (identity === undefined) continue;
      listed.add(id);
      const known = this.#find(id);
      const same = known !== undefined && `CONTAINER_${known.state.toUpperCase()}` === state;
      if (same || known?.state === "exited" || this.#isNewer(id, since)) continue;
      reads.push(async () => void (await this.refreshContainer(identity, { id, sandboxId: podSandboxId }, signal)));
    }
    await inBatches(reads, statusesAtOnce);
    for (const id of [...this.#owners.keys()]) if (!listed.has(id) && !this.#isNewer(id, since)) this.noteRemoved(id);
  }

  async #readSandbox(identity: PodIdentity, podSandboxId: string, signal: AbortSignal): Promise<void> {
    try {
      const { status } = await this.#runtime.podSandboxStatus({ podSandboxId }, signal);
      if (status !== undefined) this.noteSandbox(identity, sandboxOf(status));
    } catch (error) {
      if (!isCriError(error, "NotFound")) throw error;
    }
  }

  async #readContainer(id: string, sandboxId: string, signal?: AbortSignal): Promise<RuntimeContainer | undefined> {
    try {
      const { status } = await this.#runtime.containerStatus({ containerId: id }, signal);
      if (status === undefined) return undefined;
      const container = containerOf(status, sandboxId);
      if (container.state !== "exited") return container;
      return { ...container, message: joinMessages(container.message, await this.#terminationMessage(status)) };
    } catch (error) {
      if (isCriError(error, "NotFound")) return undefined;
      throw error;
    }
  }

  /** Asks until the runtime itself knows of the exit that its event told. */
  async #detail(pod: PodIdentity, ended: RuntimeContainer): Promise<void> {
    let delayMs = firstExitReadMs;
    for (let read = 0; read < exitReads; read++) {
      const container = await this.#readContainer(ended.id, ended.sandboxId);
      if (container === undefined || container.state === "exited") {
        this.#undetailed.delete(ended.id);
        if (container === undefined) this.#tell(pod.uid);
        else this.noteContainer(pod, container);
        return;
      }
      await this.#clock.sleep(delayMs);
      delayMs = Math.min(delayMs * 2, slowestExitReadMs);
    }
    throw new Error(`the runtime tells of an exit and does not know of it: ${ended.id}`);
  }

  #find(id: string): RuntimeContainer | undefined {
    return this.#podOf(id)?.containers.find((container) => container.id === id);
  }

  #podOf(id: string): RuntimePod | undefined {
    const uid = this.#owners.get(id);
    return uid === undefined ? undefined : this.#pods.get(uid);
  }

  #note(id: string, uid: string): void {
    this.#owners.set(id, uid);
    this.#noted.set(id, ++this.#sequence);
  }

  #isNewer(id: string, since: number): boolean {
    return (this.#noted.get(id) ?? 0) > since;
  }

  #set(pod: RuntimePod): void {
    if (pod.sandboxes.length + pod.containers.length === 0) this.#pods.delete(pod.uid);
    else this.#pods.set(pod.uid, pod);
    this.#tell(pod.uid);
  }

  #tell(uid: string): void {
    for (const listener of this.#listeners) listener(uid);
  }
}

async function inBatches(jobs: readonly (() => Promise<void>)[], atOnce: number): Promise<void> {
  for (let i = 0; i < jobs.length; i += atOnce) await Promise.all(jobs.slice(i, i + atOnce).map((job) => job()));
}
