import type { Pod } from "../../api/core/v1/pod.ts";
import type { PodStatus } from "../../api/generated/types/core-v1.ts";
import { parseTime } from "../../apimachinery/time/time.ts";
import type { Timer } from "../../base/clock.ts";
import type { RunningContainer } from "../probes/probe-manager.ts";
import { describePod } from "../runtime/names.ts";
import { type PodIdentity, podIPsOf, type RuntimePod, runningContainers } from "../runtime/runtime-pod.ts";
import { isTerminalPhase } from "../status/phase.ts";
import { generateStatus } from "../status/pod-status.ts";
import type { StatusInput } from "../status/status-input.ts";
import type { MountedVolume } from "../volumes/pod-volumes.ts";
import { type Action, type Plan, startKey, stepOf } from "./actions.ts";
import { restartCountAfter } from "./back-off.ts";
import { carryOut } from "./carry-out.ts";
import { containerReference, type Ground } from "./ground.ts";
import { type Failure, freshMemory, type Memory, type Stop, type Waiting } from "./memory.ts";
import { type Observed, plan, type Termination } from "./plan.ts";
import { failureOf, StartError } from "./start-error.ts";

export interface PodWorkerOptions {
  readonly ground: Ground;
  readonly pod: Pod;
  /** The pod is known from the runtime alone: its spec is a makeshift, and it is to end. */
  readonly orphan?: boolean;
  /** It is not to run here at all: `OutOfcpu` and the like. */
  readonly rejected?: Waiting;
  readonly signal: AbortSignal;
  /** Nothing is left of the pod. */
  readonly onForgotten: () => void;
}

/** Plans that may follow one another within a turn: each only notes something. */
const maxPlansPerTurn = 10;

/**
 * Keeps one pod as it is to be. Woken by whatever may concern it, it decides anew from what is there and carries out what that
 * asks for; actions under way never hold up a decision. A pod that is to end has its starts aborted.
 */
export class PodWorker {
  readonly identity: PodIdentity;
  readonly #ground: Ground;
  readonly #signal: AbortSignal;
  readonly #onForgotten: () => void;
  readonly #orphan: boolean;
  readonly #busy = new Map<string, Promise<void>>();
  /** Aborted when the pod is to end: no start outlives that. */
  readonly #starts = new AbortController();
  #pod: Pod;
  #memory: Memory = freshMemory;
  #volumes: ReadonlyMap<string, MountedVolume> = new Map();
  #waiting: ReadonlyMap<string, Waiting> = new Map();
  #failed: Waiting | undefined;
  #gone = false;
  #terminatingSinceMs: number | undefined;
  #timer: Timer | undefined;
  #scheduled = false;
  #ended = false;
  #toldNetwork = false;
  #probed: { readonly pod: Pod; readonly runtime: RuntimePod } | undefined;
  #status: PodStatus | undefined;
  /** How often objects that the pod names have changed. */
  #objectChanges = 0;

  constructor({ ground, pod, orphan = false, rejected, signal, onForgotten }: PodWorkerOptions) {
    const { uid = "", name = "", namespace = "" } = pod.metadata;
    this.identity = { uid, name, namespace };
    this.#ground = ground;
    this.#pod = pod;
    this.#orphan = orphan;
    this.#failed = rejected;
    this.#gone = orphan;
    this.#signal = signal;
    this.#onForgotten = onForgotten;
  }

  /** As the API has it, with the status as this node knows it. */
  get pod(): Pod {
    return this.#status === undefined ? this.#pod : { ...this.#pod, status: this.#status };
  }

  /** Whether something of it may run, or hold what it was given. */
  get holdsResources(): boolean {
    return !isTerminalPhase(this.pod.status.phase) || runningContainers(this.#runtime).length > 0;
  }

  get #runtime(): RuntimePod {
    return this.#ground.cache.pod(this.identity);
  }

  update(pod: Pod): void {
    this.#pod = pod;
    if (this.#terminatingSinceMs === undefined) this.#ground.objects.register(pod);
    this.wake();
  }

  /** The API, or the directory of static pods, no longer has it. */
  remove(): void {
    this.#gone = true;
    this.wake();
  }

  /** A ConfigMap or Secret that the pod names has changed: what failed for want of one is tried again at once. */
  objectsChanged(): void {
    this.#objectChanges++;
    const failures = new Map(this.#memory.failures);
    for (const [step, failure] of failures) {
      if (mayBeForObjects(step, failure)) failures.set(step, { ...failure, retryAtMs: 0 });
    }
    this.#remember({ failures });
    this.wake();
  }

  /** Something may have changed. Turns that are asked for in one go are one. */
  wake(): void {
    if (this.#scheduled || this.#ended || this.#signal.aborted) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#ended && !this.#signal.aborted) this.#turn();
    });
  }

  /** Resolves when nothing is under way any more; no turn follows once the signal has aborted. */
  async settled(): Promise<void> {
    this.#timer?.clear();
    await Promise.allSettled(this.#busy.values());
  }

  #turn(): void {
    this.#checkDeadline();
    for (let i = 0; i < maxPlansPerTurn; i++) {
      this.#decideTermination();
      const next = plan(this.#observe());
      this.#say(next);
      const notes = next.actions.filter((action) => this.#takeNote(action));
      if (notes.length > 0) continue;
      const before = this.#terminatingSinceMs;
      this.#publish();
      if (isTerminalPhase(this.#status?.phase) && before === undefined) continue;
      for (const action of next.actions) this.#start(action);
      this.#wakeAfter(next.wakeAfterMs);
      break;
    }
    this.#updateProbes();
  }

  #observe(): Observed {
    const { clock, probes } = this.#ground;
    return {
      pod: this.#pod,
      runtime: this.#runtime,
      memory: this.#memory,
      probes: (containerId) => probes.results(containerId),
      busy: new Set(this.#busy.keys()),
      termination: this.#termination(),
      networkReady: this.#checkNetwork(),
      nowMs: clock.now(),
      monotonicMs: clock.monotonicMs(),
    };
  }

  /** Says once that a pod waits for its network. */
  #checkNetwork(): boolean {
    const { networkError, events } = this.#ground;
    const error = networkError();
    const waits = error !== undefined && !this.#pod.spec.hostNetwork && this.#runtime.sandboxes.length === 0;
    if (waits && this.#terminatingSinceMs === undefined && !this.#toldNetwork) {
      this.#toldNetwork = true;
      const message = `network is not ready: ${error}`;
      events.event(this.#pod, { type: "Warning", reason: "NetworkNotReady", message });
    }
    return error === undefined;
  }

  #checkDeadline(): void {
    const { activeDeadlineSeconds } = this.#pod.spec;
    const startTime = this.#status?.startTime ?? this.#pod.status.startTime;
    if (activeDeadlineSeconds === undefined || startTime === undefined || this.#failed !== undefined) return;
    if (isTerminalPhase(this.#pod.status.phase)) return;
    if (this.#ground.clock.now() < parseTime(startTime) + activeDeadlineSeconds * 1_000) return;
    const message = "Pod was active on the node longer than the specified deadline";
    this.#failed = { reason: "DeadlineExceeded", message };
    this.#ground.events.event(this.#pod, { type: "Normal", reason: "DeadlineExceeded", message });
  }

  #decideTermination(): void {
    if (this.#terminatingSinceMs !== undefined) return;
    const { deletionTimestamp } = this.#pod.metadata;
    const terminal = isTerminalPhase(this.#status?.phase) || isTerminalPhase(this.#pod.status.phase);
    if (!this.#gone && deletionTimestamp === undefined && !terminal && this.#failed === undefined) return;
    this.#terminatingSinceMs = this.#ground.clock.monotonicMs();
    this.#starts.abort(new Error("the pod is to end"));
  }

  #termination(): Termination | undefined {
    const sinceMs = this.#terminatingSinceMs;
    if (sinceMs === undefined) return undefined;
    const { metadata, spec } = this.#pod;
    const graceSeconds = this.#orphan ? 1 : (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds);
    return { graceSeconds, sinceMs, gone: this.#gone };
  }

  /** Keeps what containers wait for, and says so once for each back-off. */
  #say({ waiting }: Plan): void {
    for (const [name, { reason, message }] of waiting) {
      if (reason !== "CrashLoopBackOff" || this.#waiting.get(name)?.message === message) continue;
      this.#ground.events.event(containerReference(this.#pod, { name }), {
        type: "Warning",
        reason: "BackOff",
        message: `Back-off restarting failed container ${name} in pod ${describePod(this.#pod)}`,
      });
    }
    this.#waiting = waiting;
  }

  /** Actions that take no time. False: it is none of them. */
  #takeNote(action: Action): boolean {
    if (action.kind === "hasten-stop") {
      this.#noteStop(action.containerId, { deadlineMs: action.deadlineMs });
      return true;
    }
    if (action.kind !== "begin-stop") return false;
    const { containerId, container, message, graceSeconds, restart } = action;
    const deadlineMs = this.#ground.clock.monotonicMs() + graceSeconds * 1_000;
    this.#noteStop(containerId, { deadlineMs, restart, preStopDone: false });
    const reason = "Killing";
    this.#ground.events.event(containerReference(this.#pod, { name: container }), { type: "Normal", reason, message });
    return true;
  }

  #noteStop(containerId: string, change: Partial<Stop>): void {
    const known = this.#memory.stops.get(containerId) ?? { deadlineMs: 0, restart: false, preStopDone: false };
    this.#remember({ stops: withEntry(this.#memory.stops, containerId, { ...known, ...change }) });
  }

  #remember(change: Partial<Memory>): void {
    this.#memory = { ...this.#memory, ...change };
  }

  #start(action: Action): void {
    if (action.kind === "start-container") this.#noteRestart(action.container, action.afterId);
    const { key } = action;
    const before = this.#objectChanges;
    const done = this.#carryOut(action)
      .catch((error: unknown) => this.#fail(action, error, this.#objectChanges !== before))
      .finally(() => {
        this.#busy.delete(key);
        this.wake();
      });
    this.#busy.set(key, done);
  }

  #noteRestart(name: string, afterId: string | undefined): void {
    const ended = this.#runtime.containers.find(({ id }) => id === afterId);
    if (ended === undefined) return;
    const count = restartCountAfter(this.#memory.restarts.get(name), ended);
    this.#remember({ restarts: withEntry(this.#memory.restarts, name, { afterId: ended.id, count }) });
  }

  async #carryOut(action: Action): Promise<void> {
    const context = {
      ground: this.#ground,
      pod: this.#pod,
      identity: this.identity,
      volumes: this.#volumes,
      runtime: this.#runtime,
    };
    const ending = action.kind !== "start-container" && action.kind !== "mount-volumes";
    const result = await carryOut(context, action, ending ? this.#signal : this.#starts.signal);
    this.#forgetFailure(stepOf(action));
    if (action.kind === "prepare") this.#remember({ prepared: true });
    if (action.kind === "finish") this.#remember({ finished: true });
    if (action.kind === "run-pre-stop") this.#noteStop(action.containerId, { preStopDone: true });
    if (action.kind === "stop-sandbox") {
      this.#remember({ stoppedSandboxes: new Set([...this.#memory.stoppedSandboxes, action.sandboxId]) });
    }
    if (result !== undefined) {
      this.#volumes = result;
      this.#remember({ volumesReady: true });
    }
    if (action.kind === "forget") this.#end();
  }

  #fail(action: Action, error: unknown, objectsChanged: boolean): void {
    const { clock, logger } = this.#ground;
    if (this.#signal.aborted || (this.#starts.signal.aborted && error === this.#starts.signal.reason)) return;
    const step = stepOf(action);
    logger.debug("pod step failed", { pod: describePod(this.#pod), step, error });
    const failure = failureOf(error, this.#memory.failures.get(step), clock.monotonicMs());
    // It may have been carried out without what is there by now.
    const retryAtMs = objectsChanged && mayBeForObjects(step, failure) ? 0 : failure.retryAtMs;
    this.#remember({ failures: withEntry(this.#memory.failures, step, { ...failure, retryAtMs }) });
    if (error instanceof StartError && error.waiting.reason === "PostStartHookError") this.#stopAfterPostStart(step);
  }

  /** A container whose post-start hook failed is ended, and starts anew as its policy has it. */
  #stopAfterPostStart(name: string): void {
    const container = runningContainers(this.#runtime).find((running) => running.name === name);
    if (container === undefined) return;
    this.#takeNote({
      kind: "begin-stop",
      key: `begin-stop/${container.id}`,
      containerId: container.id,
      container: name,
      message: "FailedPostStartHook",
      graceSeconds: this.#pod.spec.terminationGracePeriodSeconds,
      restart: false,
    });
  }

  #forgetFailure(step: string): void {
    if (!this.#memory.failures.has(step)) return;
    const failures = new Map(this.#memory.failures);
    failures.delete(step);
    this.#remember({ failures });
  }

  #wakeAfter(delayMs: number): void {
    this.#timer?.clear();
    const { activeDeadlineSeconds } = this.#pod.spec;
    const startTime = this.#status?.startTime;
    const deadlineMs =
      activeDeadlineSeconds === undefined || startTime === undefined || this.#terminatingSinceMs !== undefined
        ? Infinity
        : Math.max(0, parseTime(startTime) + activeDeadlineSeconds * 1_000 - this.#ground.clock.now());
    const soonest = Math.min(delayMs, deadlineMs, 2 ** 31 - 1);
    this.#timer =
      soonest === 2 ** 31 - 1 ? undefined : this.#ground.clock.setTimer(Math.ceil(soonest), () => this.wake()).unref();
  }

  #publish(): void {
    const { cache, statuses } = this.#ground;
    // A container's end without its reason would be half the truth, and the last word where nothing follows.
    if (!cache.isDetailed(this.identity.uid)) return;
    const status = generateStatus(this.#statusInput());
    this.#status = status;
    if (!this.#gone) statuses.set(this.identity.uid, status, { final: this.#memory.finished });
  }

  #statusInput(): StatusInput {
    const { clock, probes, nodeIPs } = this.#ground;
    const runtime = this.#runtime;
    const terminating = this.#terminatingSinceMs !== undefined;
    const starting = [...this.#busy.keys()].some((key) => key === "sandbox" || key.startsWith("start/"));
    const stopped = terminating && runningContainers(runtime).length === 0 && !starting;
    return {
      pod: this.#pod,
      old: this.#status ?? this.#pod.status,
      runtime,
      probes: (containerId) => probes.results(containerId),
      waiting: this.#waiting,
      hooked: this.#hooked(),
      volumesReady: this.#memory.volumesReady,
      stage: stopped ? (this.#memory.finished ? "terminated" : "stopped") : "running",
      terminating,
      failed: this.#failed,
      nodeIPs: nodeIPs(),
      nowMs: clock.now(),
    };
  }

  #hooked(): ReadonlySet<string> {
    const { containers, initContainers = [] } = this.#pod.spec;
    const hooked = [...containers, ...initContainers].filter(
      ({ name, lifecycle }) => lifecycle?.postStart !== undefined && this.#busy.has(startKey(name)),
    );
    return new Set(hooked.map(({ name }) => name));
  }

  #updateProbes(): void {
    const { probes } = this.#ground;
    const runtime = this.#runtime;
    if (this.#memory.finished || (this.#probed?.runtime === runtime && this.#probed.pod === this.#pod)) return;
    this.#probed = { pod: this.#pod, runtime };
    const running = new Map<string, RunningContainer>();
    for (const { id, name, state, startedAtMs } of runtime.containers) {
      if (state === "running") running.set(name, { id, startedAtMs });
    }
    probes.update(this.#pod, this.#pod.spec.hostNetwork ? this.#ground.nodeIPs() : podIPsOf(runtime), running);
  }

  #end(): void {
    this.#ended = true;
    this.#timer?.clear();
    this.#ground.statuses.forget(this.identity.uid);
    this.#onForgotten();
  }
}

function mayBeForObjects(step: string, { reason }: Failure): boolean {
  return step === "volumes" || reason === "CreateContainerConfigError";
}

function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> {
  return new Map(map).set(key, value);
}
