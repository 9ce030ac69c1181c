import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import type { ProbeResults } from "../probes/probe-manager.ts";
import type { RuntimePod } from "../runtime/runtime-pod.ts";
import type { Action, Plan } from "./actions.ts";
import type { Memory, Waiting } from "./memory.ts";
import { planRunning } from "./plan-running.ts";
import { planTermination } from "./plan-termination.ts";

/** Why and how a pod ends. */
export interface Termination {
  /** What its containers may take from the first word of it, at least 1 s. */
  readonly graceSeconds: number;
  /** Monotonic milliseconds. */
  readonly sinceMs: number;
  /** The API or the directory of static pods no longer has it: in the end nothing of it is left here. */
  readonly gone: boolean;
}

/** Everything a decision about a pod rests on. */
export interface Observed {
  readonly pod: Pod;
  readonly runtime: RuntimePod;
  readonly memory: Memory;
  readonly probes: (containerId: string) => ProbeResults;
  /** Keys of actions under way. */
  readonly busy: ReadonlySet<string>;
  readonly termination: Termination | undefined;
  /** Pods with a network of their own can be made. */
  readonly networkReady: boolean;
  /** Milliseconds since 1970: the runtime's times are. */
  readonly nowMs: number;
  /** Monotonic. */
  readonly monotonicMs: number;
}

/**
 * What a pod needs next (pkg/kubelet/kuberuntime computePodActions, pkg/kubelet/pod_workers.go). Pure. Actions of one plan
 * may be carried out at the same time; none of them has a key that is busy. Planning again while they are under way, with
 * their keys in `busy`, asks for nothing twice.
 */
export function plan(observed: Observed): Plan {
  const draft = new PlanDraft(observed);
  if (observed.termination === undefined) planRunning(observed, draft);
  else planTermination(observed, draft, observed.termination);
  return draft.finish();
}

/** Collects a plan: actions that are not under way already, and the soonest moment to look again. */
export class PlanDraft {
  readonly #observed: Observed;
  readonly #actions: Action[] = [];
  readonly #waiting = new Map<string, Waiting>();
  #wakeAfterMs = Infinity;

  constructor(observed: Observed) {
    this.#observed = observed;
  }

  /** A container is to be started. */
  get starts(): boolean {
    return this.#actions.some(({ kind }) => kind === "start-container");
  }

  /** Adds the action unless it is under way. */
  do(action: Action): void {
    if (!this.#observed.busy.has(action.key)) this.#actions.push(action);
  }

  /** Adds the action unless it is under way or has failed too recently. */
  try(step: string, action: Action): void {
    const failure = this.#observed.memory.failures.get(step);
    if (failure !== undefined && this.wakeAt(failure.retryAtMs)) return;
    this.do(action);
  }

  /** True where that moment, in monotonic milliseconds, is still to come; the pod is looked at again then. */
  wakeAt(monotonicMs: number): boolean {
    const afterMs = monotonicMs - this.#observed.monotonicMs;
    if (afterMs <= 0) return false;
    this.#wakeAfterMs = Math.min(this.#wakeAfterMs, afterMs);
    return true;
  }

  wait(container: string, waiting: Waiting): void {
    this.#waiting.set(container, waiting);
  }

  finish(): Plan {
    return { actions: this.#actions, waiting: this.#waiting, wakeAfterMs: this.#wakeAfterMs };
  }
}

/** A pod's ephemeral containers, as containers. */
export function ephemeralContainers({ spec }: Pod): readonly Container[] {
  return spec.ephemeralContainers ?? [];
}
