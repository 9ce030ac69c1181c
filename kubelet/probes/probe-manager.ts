import type { Pod } from "../../api/core/v1/pod.ts";

export type ProbeKind = "startup" | "readiness" | "liveness";

/** What the probes of one running container have found; absent where it has no such probe or no verdict yet. */
export interface ProbeResults {
  readonly started?: boolean;
  readonly ready?: boolean;
  /** False: the container is to be ended and started anew. */
  readonly alive?: boolean;
  /** Why the last liveness or startup probe failed, as events say it. */
  readonly failure?: string;
}

/**
 * Probes the running containers of pods, each probe at its own period. A verdict changes after `successThreshold` or
 * `failureThreshold` probes in a row (pkg/kubelet/prober). Readiness and liveness wait for startup's success.
 */
export interface ProbeManager {
  /** The containers of this pod that run now, by name; others' probes end. Call at each change of the pod or its containers. */
  update(pod: Pod, podIPs: readonly string[], running: ReadonlyMap<string, RunningContainer>): void;
  remove(uid: string): void;
  results(containerId: string): ProbeResults;
  /** Told the pod's uid when a verdict has changed. Dispose to hear no more. */
  onChange(listener: (uid: string) => void): Disposable;
}

export interface RunningContainer {
  /** As the runtime knows it. */
  readonly id: string;
  readonly startedAtMs: number;
}
