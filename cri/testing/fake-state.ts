import { BoundedQueue, type Clock, onAbort } from "../../base/mod.ts";
import { CriError } from "../errors.ts";
import type { ContainerEvent } from "../events/container-event.ts";
import type { ContainerConfig, PodSandboxConfig } from "../generated/messages.ts";
import type { Init } from "../init.ts";
import type { RuntimeService } from "../runtime-service.ts";
import type { FakeContainer, FakeProcess, FakeSandbox } from "./fake-containers.ts";
import { FakeImages } from "./fake-images.ts";

export type Method = keyof RuntimeService;

export interface FakeExec {
  readonly containerId: string;
  readonly command: readonly string[];
}

export interface FakeExecResult {
  readonly exitCode?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** How long it takes; the caller's limit ends it. */
  readonly afterMs?: number;
}

export interface FakeEnd {
  /** 0 if not given. */
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

export interface FakeRuntimeOptions {
  readonly clock: Clock;
  /** What a container does once it runs, by its configuration and that of its pod. */
  readonly onStart?: (container: Init<ContainerConfig>, sandbox: Init<PodSandboxConfig>) => FakeProcess;
  readonly onExec?: (exec: FakeExec) => FakeExecResult;
  /** How long a method takes, milliseconds: real ones take 65–90 for a sandbox, 10 to create, 50 to start a container. */
  readonly latenciesMs?: Readonly<Partial<Record<Method, number>>>;
}

/** 128 + SIGKILL. */
export const killedCode = 137;
const maxWaitingEvents = 100_000;

/** What a fake runtime holds, and the levers that a test has. */
export class FakeState {
  readonly images: FakeImages;
  /** Every call, in order, before it is answered. */
  readonly calls: { readonly method: Method; readonly request: Init<object> }[] = [];
  readonly sandboxes = new Map<string, FakeSandbox>();
  readonly containers = new Map<string, FakeContainer>();
  /** NetworkReady of `status`. */
  isNetworkReady = true;
  protected readonly options: FakeRuntimeOptions;
  protected readonly clock: Clock;
  readonly #listeners = new Set<BoundedQueue<ContainerEvent>>();
  readonly #failures = new Map<Method, Error[]>();
  #isDown = false;
  #ids = 0;
  #lastTime = 0;

  constructor(options: FakeRuntimeOptions) {
    this.options = options;
    this.clock = options.clock;
    this.images = new FakeImages(options.clock);
  }

  /** The next call of this method fails; more of them, the ones after it. */
  failNext(method: Method, error: Error): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error]);
  }

  /** The container's process ends now. Does nothing where it does not run. */
  endContainer(id: string, end: FakeEnd = {}): void {
    const container = this.containers.get(id);
    if (container?.state !== "CONTAINER_RUNNING") return;
    const { exitCode = 0, reason = exitCode === 0 ? "Completed" : "Error", message = "" } = end;
    container.state = "CONTAINER_EXITED";
    container.exitCode = exitCode;
    container.reason = reason;
    container.message = message || (container.process.terminationMessage ?? "");
    container.finishedAt = this.timeNow();
    this.tell({ kind: "exited", containerId: id, exitCode, exitedAt: container.finishedAt });
  }

  /** The kernel kills the container for want of memory. */
  killForMemory(id: string): void {
    this.tell({ kind: "oom", containerId: id });
    this.endContainer(id, { exitCode: killedCode, reason: "OOMKilled" });
  }

  /** The sandbox's own process dies, its network goes with it. */
  endSandbox(id: string): void {
    const sandbox = this.sandboxes.get(id);
    if (sandbox?.state !== "SANDBOX_READY") return;
    sandbox.state = "SANDBOX_NOTREADY";
    this.tell({ kind: "exited", containerId: id, exitCode: killedCode, exitedAt: this.timeNow() });
  }

  /** Nobody answers any more; containers live on and may end unseen. */
  goDown(): void {
    this.#isDown = true;
  }

  /** The runtime answers again; listeners are told to list. */
  comeUp(): void {
    this.#isDown = false;
    this.tell({ kind: "resync" });
  }

  /** As `containerEvents` does. */
  async *events(signal: AbortSignal): AsyncGenerator<ContainerEvent, undefined> {
    const queue = new BoundedQueue<ContainerEvent>(maxWaitingEvents);
    if (!this.#isDown) queue.push({ kind: "resync" });
    this.#listeners.add(queue);
    using _ = onAbort(signal, () => queue.close());
    try {
      yield* queue;
    } finally {
      this.#listeners.delete(queue);
    }
  }

  /** Records the call, takes its time, and fails where it was told to. */
  protected async called(method: Method, request: Init<object>, signal?: AbortSignal): Promise<void> {
    this.calls.push({ method, request });
    if (this.#isDown) throw new CriError("Unavailable", "the runtime is down");
    const latencyMs = this.options.latenciesMs?.[method] ?? 0;
    if (latencyMs > 0) await this.clock.sleep(latencyMs, signal);
    signal?.throwIfAborted();
    const failure = this.#failures.get(method)?.shift();
    if (failure !== undefined) throw failure;
  }

  protected tell(event: ContainerEvent): void {
    if (this.#isDown) return;
    for (const listener of this.#listeners)
      if (!listener.push(event)) throw new Error("nobody takes the events of a fake runtime");
  }

  protected newId(): string {
    this.#ids++;
    return this.#ids.toString(16).padStart(8, "0") + "0".repeat(56);
  }

  /** Nanoseconds, later than any before. */
  protected timeNow(): number {
    // 256 ns: the step of a double at this size.
    this.#lastTime = Math.max(this.clock.now() * 1e6, this.#lastTime + 256);
    return this.#lastTime;
  }
}
