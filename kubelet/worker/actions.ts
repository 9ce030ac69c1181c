import type { Waiting } from "./memory.ts";

export type ContainerKind = "init" | "sidecar" | "regular" | "ephemeral";

/** Why a container is ended; it chooses the grace period. */
export type StopReason = "pod" | "liveness" | "startup" | "changed" | "unknown" | "post-start";

export interface StartContainer {
  readonly kind: "start-container";
  readonly key: string;
  readonly container: string;
  readonly type: ContainerKind;
  readonly sandboxId: string;
  /** Of the container it replaces, plus one; undefined where none is left: then the logs tell. */
  readonly restartCount: number | undefined;
  /** The ended container it replaces. */
  readonly afterId: string | undefined;
}

export interface BeginStop {
  readonly kind: "begin-stop";
  readonly key: string;
  readonly containerId: string;
  readonly container: string;
  /** Of the event `Killing`. */
  readonly message: string;
  readonly graceSeconds: number;
  readonly restart: boolean;
}

/** One thing to do to a pod. No two actions with one key are under way at a time. */
export type Action =
  /** The cgroup and the directories of the pod. */
  | { readonly kind: "prepare"; readonly key: "prepare" }
  | { readonly kind: "mount-volumes"; readonly key: "volumes" }
  | {
      readonly kind: "create-sandbox";
      readonly key: "sandbox";
      readonly attempt: number;
      /** There was one, and it is of no use any more. */
      readonly replaces: boolean;
    }
  | { readonly kind: "stop-sandbox"; readonly key: "sandbox"; readonly sandboxId: string }
  | StartContainer
  /** Takes note that a container ends, and says so: takes no time. */
  | BeginStop
  /** The same, with less patience. */
  | { readonly kind: "hasten-stop"; readonly key: string; readonly containerId: string; readonly deadlineMs: number }
  | { readonly kind: "run-pre-stop"; readonly key: string; readonly containerId: string; readonly container: string }
  | {
      readonly kind: "stop-container";
      readonly key: string;
      readonly containerId: string;
      readonly container: string;
      readonly timeoutSeconds: number;
    }
  | { readonly kind: "remove-container"; readonly key: string; readonly containerId: string }
  /** Nothing runs any more: volumes and cgroup go. */
  | { readonly kind: "finish"; readonly key: "finish" }
  /** The pod is unknown to the API: dead containers, sandboxes and logs go. */
  | { readonly kind: "forget"; readonly key: "forget" };

export interface Plan {
  readonly actions: readonly Action[];
  /** Why containers wait, by name: what users see. */
  readonly waiting: ReadonlyMap<string, Waiting>;
  /** When to look again if nothing happens; Infinity: no need. */
  readonly wakeAfterMs: number;
}

export const startKey = (container: string): string => `start/${container}`;

/** Under which name an action's failure is remembered. */
export function stepOf(action: Action): string {
  if (action.kind === "start-container") return action.container;
  return "containerId" in action ? action.containerId : action.key;
}
