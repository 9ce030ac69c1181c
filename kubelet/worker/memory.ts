/** Why a container, or the pod itself, waits: as in `state.waiting`. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** A step that failed, to be tried again. */
export interface Failure extends Waiting {
  /** Monotonic milliseconds. */
  readonly retryAtMs: number;
  /** Failures in a row. */
  readonly count: number;
}

/** A container is being ended. */
export interface Stop {
  /** Monotonic milliseconds at which patience ends. */
  readonly deadlineMs: number;
  readonly preStopDone: boolean;
  /** It is ended for its own good and runs again, whatever code it ends with. */
  readonly restart: boolean;
}

/** How often a container has been started again. */
export interface Restarts {
  /** The ended container that the last start replaced. */
  readonly afterId: string;
  /** Starts in a row, none of which led to ten minutes of health. */
  readonly count: number;
}

/** The parts of a pod's start whose failure concerns the pod and no single container. */
export type PodStep = "prepare" | "volumes" | "sandbox" | "finish" | "forget";

/**
 * What a pod's worker remembers between its turns and the runtime does not know. Lost with the process: each field's absence
 * is a safe beginning.
 */
export interface Memory {
  /** The cgroup and the directories are there. */
  readonly prepared: boolean;
  readonly volumesReady: boolean;
  /** By container name. */
  readonly restarts: ReadonlyMap<string, Restarts>;
  /** By container name, container id where it cannot be ended, or step of the pod. */
  readonly failures: ReadonlyMap<string, Failure>;
  /** By container id. */
  readonly stops: ReadonlyMap<string, Stop>;
  /** Ids of sandboxes that the runtime has been told to stop. */
  readonly stoppedSandboxes: ReadonlySet<string>;
  /** Volumes and cgroup are gone: nothing of the pod is left but its dead containers. */
  readonly finished: boolean;
}

export const freshMemory: Memory = {
  prepared: false,
  volumesReady: false,
  restarts: new Map(),
  failures: new Map(),
  stops: new Map(),
  stoppedSandboxes: new Set(),
  finished: false,
};
