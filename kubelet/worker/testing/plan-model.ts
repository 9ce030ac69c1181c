import type { Pod } from "../../../api/core/v1/pod.ts";
import type { Container } from "../../../api/generated/types/core-v1.ts";
import type { ProbeResults } from "../../probes/probe-manager.ts";
import { containerHash } from "../../runtime/container-hash.ts";
import {
  newestContainer,
  type RuntimeContainer,
  type RuntimePod,
  withContainer,
  withoutContainer,
  withSandbox,
} from "../../runtime/runtime-pod.ts";
import { type Action, type Plan, stepOf } from "../actions.ts";
import { restartCountAfter } from "../back-off.ts";
import { freshMemory, type Memory } from "../memory.ts";
import { plan, type Termination } from "../plan.ts";
import { findContainer } from "../plan-stops.ts";
import { failureOf, StartError } from "../start-error.ts";

const createError = { reason: "CreateContainerError", message: "no space left on device" };

/** A pod as the tests of plans need it. */
export function modelPod(spec: Partial<Pod["spec"]>): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "n", uid: "u", generation: 1 },
    spec: {
      containers: [],
      dnsPolicy: "ClusterFirst",
      restartPolicy: "Always",
      schedulerName: "default-scheduler",
      securityContext: {},
      terminationGracePeriodSeconds: 30,
      ...spec,
    },
    status: {},
  };
}

export function modelContainer(name: string, fields: Partial<Container> = {}): Container {
  return {
    name,
    image: "i",
    resources: {},
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    ...fields,
  };
}

/** A worker and a runtime as a state that actions change one at a time: every interleaving is a sequence of calls. */
export class PlanModel {
  readonly pod: Pod;
  runtime: RuntimePod = { uid: "u", name: "p", namespace: "n", sandboxes: [], containers: [] };
  memory: Memory = freshMemory;
  termination: Termination | undefined;
  nowMs = 1_000_000;
  readonly busy = new Map<string, Action>();
  /** Keys that were under way when the last plan was made. */
  begunBefore: readonly string[] = [];
  readonly verdicts = new Map<string, ProbeResults>();
  /** All that was ever asked for, in order. */
  readonly history: Action[] = [];
  #ids = 0;

  constructor(pod: Pod) {
    this.pod = pod;
  }

  plan(): Plan {
    return plan({
      pod: this.pod,
      runtime: this.runtime,
      memory: this.memory,
      probes: (id) => this.verdicts.get(id) ?? {},
      busy: new Set(this.busy.keys()),
      termination: this.termination,
      networkReady: true,
      nowMs: this.nowMs,
      monotonicMs: this.nowMs,
    });
  }

  /** Plans, and begins all that is asked for; notes are taken at once, as a worker does. */
  turn(): Plan {
    for (;;) {
      const next = this.plan();
      const notes = next.actions.filter(({ kind }) => kind === "begin-stop" || kind === "hasten-stop");
      for (const note of notes) this.#note(note);
      if (notes.length > 0) continue;
      this.begunBefore = [...this.busy.keys()];
      for (const action of next.actions) {
        this.history.push(action);
        this.busy.set(action.key, action);
      }
      return next;
    }
  }

  /** The action under this key has done its work. */
  finish(key: string): void {
    const action = this.busy.get(key);
    if (action === undefined) return;
    this.busy.delete(key);
    const failures = new Map(this.memory.failures);
    failures.delete(stepOf(action));
    this.memory = { ...this.memory, failures };
    this.#apply(action);
  }

  /** The action under this key has failed, and nothing has come of it. */
  fail(key: string): void {
    const action = this.busy.get(key);
    if (action === undefined) return;
    this.busy.delete(key);
    const step = stepOf(action);
    const error = action.kind === "start-container" ? new StartError(createError) : new Error("it did not work");
    const failure = failureOf(error, this.memory.failures.get(step), this.nowMs);
    this.memory = { ...this.memory, failures: new Map(this.memory.failures).set(step, failure) };
  }

  /** Everything under way ends, again and again, until nothing is asked for any more. */
  settle(turns = 100): void {
    for (let i = 0; i < turns; i++) {
      this.turn();
      if (this.busy.size === 0) return;
      for (const key of [...this.busy.keys()]) this.finish(key);
    }
    throw new Error(`still busy: ${[...this.busy.keys()].join()}`);
  }

  /** A new kubelet finds what the runtime has, and remembers nothing; what the old one had begun is done. */
  restartKubelet(): void {
    for (const key of [...this.busy.keys()]) this.finish(key);
    this.memory = freshMemory;
  }

  exit(name: string, exitCode: number): void {
    const newest = newestContainer(this.runtime, name);
    if (newest?.state === "running") this.#end(newest, exitCode);
  }

  #end(container: RuntimeContainer, exitCode: number): void {
    const finishedAtMs = this.nowMs;
    const reason = exitCode === 0 ? "Completed" : "Error";
    this.runtime = withContainer(this.runtime, { ...container, state: "exited", exitCode, finishedAtMs, reason });
  }

  #note(action: Action): void {
    if (action.kind !== "begin-stop" && action.kind !== "hasten-stop") return;
    this.history.push(action);
    const { containerId } = action;
    const known = this.memory.stops.get(containerId) ?? { deadlineMs: 0, preStopDone: false, restart: false };
    const change =
      action.kind === "hasten-stop"
        ? { deadlineMs: action.deadlineMs }
        : { deadlineMs: this.nowMs + action.graceSeconds * 1_000, restart: action.restart };
    this.memory = { ...this.memory, stops: new Map(this.memory.stops).set(containerId, { ...known, ...change }) };
  }

  #apply(action: Action): void {
    const { memory } = this;
    switch (action.kind) {
      case "prepare":
        this.memory = { ...memory, prepared: true };
        return;
      case "mount-volumes":
        this.memory = { ...memory, volumesReady: true };
        return;
      case "create-sandbox": {
        const id = `s${++this.#ids}`;
        const sandbox = {
          id,
          attempt: action.attempt,
          ready: true,
          createdAtMs: this.#tick(),
          hostNetwork: false,
          ips: ["10.0.0.1"],
        };
        this.runtime = withSandbox(this.runtime, sandbox);
        return;
      }
      case "stop-sandbox": {
        this.memory = { ...memory, stoppedSandboxes: new Set([...memory.stoppedSandboxes, action.sandboxId]) };
        const sandbox = this.runtime.sandboxes.find(({ id }) => id === action.sandboxId);
        if (sandbox !== undefined) this.runtime = withSandbox(this.runtime, { ...sandbox, ready: false });
        return;
      }
      case "start-container":
        this.#start(action);
        return;
      case "run-pre-stop": {
        const stop = memory.stops.get(action.containerId);
        if (stop === undefined) return;
        this.memory = {
          ...memory,
          stops: new Map(memory.stops).set(action.containerId, { ...stop, preStopDone: true }),
        };
        return;
      }
      case "stop-container": {
        const container = this.runtime.containers.find(({ id }) => id === action.containerId);
        if (container !== undefined && container.state !== "exited") this.#end(container, 137);
        return;
      }
      case "remove-container":
        this.runtime = withoutContainer(this.runtime, action.containerId);
        return;
      case "finish":
        this.memory = { ...memory, finished: true };
        return;
      case "forget":
        this.runtime = { ...this.runtime, sandboxes: [], containers: [] };
        return;
    }
  }

  #start({
    container: name,
    sandboxId,
    restartCount = 0,
    afterId,
  }: Extract<Action, { kind: "start-container" }>): void {
    const spec = findContainer(this.pod, name) ?? modelContainer(name);
    const ended = this.runtime.containers.find(({ id }) => id === afterId);
    if (ended !== undefined) {
      const count = restartCountAfter(this.memory.restarts.get(name), ended);
      this.memory = { ...this.memory, restarts: new Map(this.memory.restarts).set(name, { afterId: ended.id, count }) };
    }
    const createdAtMs = this.#tick();
    this.runtime = withContainer(this.runtime, {
      id: `c${++this.#ids}`,
      name,
      sandboxId,
      state: "running",
      restartCount,
      hash: containerHash(spec),
      image: "i",
      imageRef: "i",
      createdAtMs,
      startedAtMs: createdAtMs,
      finishedAtMs: 0,
      exitCode: 0,
      reason: "",
      message: "",
      logPath: "",
    });
  }

  #tick(): number {
    this.nowMs += 1;
    return this.nowMs;
  }
}
