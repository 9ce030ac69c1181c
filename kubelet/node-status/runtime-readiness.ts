import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { RuntimeCondition, RuntimeFeatures, RuntimeHandler, RuntimeService } from "../../cri/mod.ts";

export interface RuntimeReadinessOptions {
  readonly runtime: Pick<RuntimeService, "status" | "version">;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** While the runtime comes up it is asked again and again; then as often as upstream does. */
const firstPauseMs = 20;
const longestPauseMs = 5000;
/** Without an answer for this long the runtime counts as gone (pkg/kubelet, baseRuntimeSyncThreshold). */
const downAfterMs = 30_000;

/**
 * Whether the container runtime, and the network it makes, can run pods (pkg/kubelet updateRuntimeUp). Asks the runtime
 * every 5 s, sooner while it is not ready, and at once when told that something has changed.
 */
export class RuntimeReadiness {
  readonly #options: RuntimeReadinessOptions;
  readonly #listeners = new Set<() => void>();
  #runtimeError: string | undefined;
  #networkError: string | undefined = "network state unknown";
  #answeredAtMs: number | undefined;
  #version = "Unknown";
  #name = "remote";
  #handlers: readonly RuntimeHandler[] = [];
  #features: RuntimeFeatures | undefined;
  #wake: (() => void) | undefined;
  #asked = false;

  constructor(options: RuntimeReadinessOptions) {
    this.#options = options;
  }

  /** Why no pod can run here, in upstream's words; empty: they can. */
  errors(): readonly string[] {
    const found: string[] = [];
    if (this.#answeredAtMs === undefined) found.push("container runtime status check may not have completed yet");
    else if (this.#options.clock.monotonicMs() - this.#answeredAtMs >= downAfterMs)
      found.push("container runtime is down");
    if (this.#runtimeError !== undefined) found.push(this.#runtimeError);
    if (this.#networkError !== undefined) found.push(this.#networkError);
    return found;
  }

  /** `containerd://1.6.20`. */
  get version(): string {
    return `${this.#name}://${this.#version}`;
  }

  get handlers(): readonly RuntimeHandler[] {
    return this.#handlers;
  }

  get features(): RuntimeFeatures | undefined {
    return this.#features;
  }

  /** Something has happened that may have made the runtime or its network ready, or broken it: asks at once. */
  recheck(): void {
    this.#asked = true;
    this.#wake?.();
  }

  /** Told when `errors` may have changed. Dispose to hear no more. */
  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async run(signal: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      this.#asked = false;
      await this.#ask(signal);
      pauseMs = this.errors().length === 0 ? longestPauseMs : Math.min(pauseMs * 1.5, longestPauseMs);
      if (!this.#asked) await this.#pause(pauseMs, signal);
      else pauseMs = firstPauseMs;
    }
  }

  async #ask(signal: AbortSignal): Promise<void> {
    const { runtime, clock, logger } = this.#options;
    const before = this.errors().join();
    try {
      const { status, runtimeHandlers, features } = await runtime.status({}, signal);
      const conditionOf = (type: string) => status?.conditions.find((condition) => condition.type === type);
      this.#networkError = errorOf("container runtime network not ready", conditionOf("NetworkReady"));
      this.#runtimeError = errorOf("container runtime not ready", conditionOf("RuntimeReady"));
      if (this.#runtimeError === undefined) {
        if (this.#version === "Unknown") {
          const { runtimeName, runtimeVersion } = await runtime.version({}, signal);
          this.#name = runtimeName;
          this.#version = runtimeVersion;
        }
        this.#answeredAtMs = clock.monotonicMs();
        this.#handlers = runtimeHandlers.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
        this.#features = features;
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.debug("Container runtime does not say how it is", { error });
      this.#version = "Unknown"; // It may come back as another one.
    }
    if (this.errors().join() !== before) for (const listener of this.#listeners) listener();
  }

  /** Ends early when somebody asks. */
  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        timer.clear();
        signal.removeEventListener("abort", end);
        this.#wake = undefined;
        resolve();
      };
      const timer = this.#options.clock.setTimer(ms, end);
      signal.addEventListener("abort", end, { once: true });
      this.#wake = end;
    });
  }
}

function errorOf(what: string, condition: RuntimeCondition | undefined): string | undefined {
  if (condition === undefined) return `${what}: <nil>`;
  const { type, status, reason, message } = condition;
  return status ? undefined : `${what}: ${type}=${status} reason:${reason} message:${message}`;
}
