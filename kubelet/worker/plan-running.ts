import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { containerHash as hashOf } from "../runtime/container-hash.ts";
import { describePod } from "../runtime/names.ts";
import {
  judgeSandbox,
  mayRun,
  newestContainer,
  type RuntimeContainer,
  type RuntimePod,
  type RuntimeSandbox,
  runningContainers,
} from "../runtime/runtime-pod.ts";
import { type ContainerKind, startKey } from "./actions.ts";
import { formatDelay, restartDelayMs } from "./back-off.ts";
import { ephemeralContainers, type Observed, type PlanDraft } from "./plan.ts";
import { stopAll, stopContainer } from "./plan-stops.ts";
import { hasCreatedRegular, isSidecar, restartsAfter, restartsWhenKilled, shouldStart } from "./restart-policy.ts";

/** A pod that is to run: its ground, its sandbox, then its containers. */
export function planRunning(observed: Observed, draft: PlanDraft): void {
  const { pod, runtime, memory } = observed;
  if (!memory.prepared) {
    draft.try("prepare", { kind: "prepare", key: "prepare" });
    return;
  }
  // Volumes and sandbox need nothing of each other; containers need both.
  if (!memory.volumesReady) draft.try("volumes", { kind: "mount-volumes", key: "volumes" });
  const verdict = judgeSandbox(runtime, pod.spec.hostNetwork ?? false);
  if (verdict.kind === "needed") {
    planSandbox(observed, draft, verdict.attempt, verdict.previous);
    return;
  }
  if (memory.volumesReady) planContainers(observed, draft, verdict.sandbox);
  removeOldContainers(observed, draft);
}

function planSandbox(
  observed: Observed,
  draft: PlanDraft,
  attempt: number,
  previous: RuntimeSandbox | undefined,
): void {
  const { pod, runtime, memory, busy } = observed;
  if (!stopAll(observed, draft, { graceSeconds: pod.spec.terminationGracePeriodSeconds })) return;
  // What is being started comes up in the old sandbox yet, and has to be ended and removed like the rest of it.
  if (isStarting(busy)) return;
  const unstopped = runtime.sandboxes.find(({ id }) => !memory.stoppedSandboxes.has(id));
  if (unstopped !== undefined) {
    draft.try("sandbox", { kind: "stop-sandbox", key: "sandbox", sandboxId: unstopped.id });
    return;
  }
  if (!deservesSandbox(observed, attempt)) return;
  if (!observed.networkReady && !pod.spec.hostNetwork) return;
  const initNames = new Set(pod.spec.initContainers?.map(({ name }) => name));
  const stale = runtime.containers.filter(({ name }) => initNames.has(name));
  for (const { id } of stale) draft.try(id, { kind: "remove-container", key: `remove/${id}`, containerId: id });
  if (stale.length > 0) return;
  draft.try("sandbox", { kind: "create-sandbox", key: "sandbox", attempt, replaces: previous !== undefined });
}

/**
 * A pod whose work is done gets no other sandbox (computePodActions). One that is not to be restarted gets another as long as
 * none of its regular containers has run: else it would wait for ever, as it does upstream.
 */
function deservesSandbox({ pod, runtime }: Observed, attempt: number): boolean {
  const { spec } = pod;
  if (spec.restartPolicy === "Never" && attempt !== 0 && hasWorked(pod, runtime)) return false;
  const anyToStart = spec.containers.some((container) => {
    const newest = newestContainer(runtime, container.name);
    const succeeded = newest?.state === "exited" && newest.exitCode === 0;
    return !(succeeded && (container.restartPolicy ?? spec.restartPolicy) === "OnFailure");
  });
  return anyToStart || !hasCreatedRegular(pod, runtime);
}

function hasWorked({ spec }: Pod, runtime: RuntimePod): boolean {
  return spec.containers.some(({ name }) => {
    const newest = newestContainer(runtime, name);
    return newest !== undefined && newest.state !== "created";
  });
}

function isStarting(busy: ReadonlySet<string>): boolean {
  return [...busy].some((key) => key.startsWith(startKey("")));
}

/** Of each name the newest container stays, and the one before it, whose logs are `--previous`. */
function removeOldContainers({ runtime, busy }: Observed, draft: PlanDraft): void {
  // While the runtime starts what users wait for, it is bothered only where many have gathered.
  const kept = draft.starts || isStarting(busy) ? 5 : 2;
  const seen = new Map<string, number>();
  for (const { id, name, state } of runtime.containers) {
    const newer = seen.get(name) ?? 0;
    seen.set(name, newer + 1);
    const dead = state === "exited" || (state === "created" && !busy.has(startKey(name)));
    if (newer >= kept && dead) draft.try(id, { kind: "remove-container", key: `remove/${id}`, containerId: id });
  }
}

function planContainers(observed: Observed, draft: PlanDraft, sandbox: RuntimeSandbox): void {
  const { pod, runtime } = observed;
  for (const container of ephemeralContainers(pod)) {
    if (newestContainer(runtime, container.name) === undefined) {
      planStart(observed, draft, { container, type: "ephemeral", sandbox });
    } else continueStop(observed, draft, container);
  }
  const initialized = planInit(observed, draft, sandbox);
  if (initialized === "failed") stopAll(observed, draft, { graceSeconds: pod.spec.terminationGracePeriodSeconds });
  if (initialized !== "done") return;
  if (planRegular(observed, draft, sandbox) === 0) {
    // All have ended for good: sidecars need not outlive them.
    stopAll(observed, draft, { graceSeconds: pod.spec.terminationGracePeriodSeconds });
  }
}

type Initialization = "done" | "under-way" | "failed";

/** Init containers one after the other; sidecars stay (computeInitContainerActions). */
function planInit(observed: Observed, draft: PlanDraft, sandbox: RuntimeSandbox): Initialization {
  const { pod, runtime, busy } = observed;
  const initContainers = pod.spec.initContainers ?? [];
  // A regular container of this sandbox says that all init containers have been through, even where they are gone by now.
  const wasInitialized = pod.spec.containers.some(({ name }) => {
    const newest = newestContainer(runtime, name);
    return newest?.sandboxId === sandbox.id || (newest !== undefined && mayRun(newest)) || busy.has(startKey(name));
  });
  const regularDone = wasInitialized && regularsHaveEnded(observed);
  // Later ones count first: earlier ones may have been removed since.
  const names = initContainers.map(({ name }) => name);
  const furthest = names.findLastIndex((name) => newestContainer(runtime, name) !== undefined);
  if (!wasInitialized && hasFailed(observed, initContainers[furthest])) return "failed";
  for (const [index, container] of initContainers.entries()) {
    const type: ContainerKind = isSidecar(container) ? "sidecar" : "init";
    const newest = newestContainer(runtime, container.name);
    const passed = wasInitialized || index < furthest;
    if (type === "init") {
      if (passed) continue;
      const step = judgeInit(observed, container, newest);
      if (step === "completed") continue;
      if (step === "start") planStart(observed, draft, { container, type, sandbox });
      else continueStop(observed, draft, container);
      return "under-way";
    }
    if (regularDone) continue;
    if (newest === undefined || !mayRun(newest)) {
      planStart(observed, draft, { container, type, sandbox });
      if (!passed) return "under-way";
    } else {
      keepOrStop(observed, draft, container, newest, "Init container");
      if (!passed && !hasStarted(observed, container, newest)) return "under-way";
    }
  }
  return "done";
}

function judgeInit(
  { pod }: Observed,
  container: Container,
  newest: RuntimeContainer | undefined,
): "start" | "running" | "completed" | "failed" {
  if (newest === undefined || newest.state === "created") return "start";
  if (mayRun(newest)) return "running";
  const failed = newest.exitCode !== 0 || newest.reason === "OOMKilled";
  if (!failed) return "completed";
  return restartsAfter(container, pod.spec, newest.exitCode) ? "start" : "failed";
}

/** The pod is never to be initialized: sidecars before this one are not started again, either. */
function hasFailed(observed: Observed, container: Container | undefined): boolean {
  if (container === undefined || isSidecar(container)) return false;
  return judgeInit(observed, container, newestContainer(observed.runtime, container.name)) === "failed";
}

function hasStarted({ probes, busy }: Observed, container: Container, { id }: RuntimeContainer): boolean {
  // A post-start hook under way holds up what follows.
  if (busy.has(startKey(container.name))) return false;
  return container.startupProbe === undefined || probes(id).started === true;
}

function regularsHaveEnded({ pod, runtime, memory, busy }: Observed): boolean {
  return pod.spec.containers.every((container) => {
    const newest = newestContainer(runtime, container.name);
    if (newest === undefined || newest.state !== "exited" || busy.has(startKey(container.name))) return false;
    return !restartsAfter(container, pod.spec, newest.exitCode) && memory.stops.get(newest.id)?.restart !== true;
  });
}

/** Returns how many containers run, start or will start. */
function planRegular(observed: Observed, draft: PlanDraft, sandbox: RuntimeSandbox): number {
  const { pod, runtime, busy, memory } = observed;
  let kept = 0;
  let held = false;
  for (const container of pod.spec.containers) {
    const newest = newestContainer(runtime, container.name);
    if (newest !== undefined && mayRun(newest)) {
      kept++;
      keepOrStop(observed, draft, container, newest, "Container");
    } else {
      const again = newest !== undefined && memory.stops.get(newest.id)?.restart === true;
      if (!again && !shouldStart(pod, container, runtime)) continue;
      kept++;
      // A post-start hook under way holds up the containers after it, as upstream's order of starts does.
      if (!held || newest !== undefined) planStart(observed, draft, { container, type: "regular", sandbox });
    }
    held ||= busy.has(startKey(container.name)) && container.lifecycle?.postStart !== undefined;
    held ||= container.lifecycle?.postStart !== undefined && newest === undefined;
  }
  return kept;
}

/** Ends a running container whose spec has changed or whose probes say so. */
function keepOrStop(
  observed: Observed,
  draft: PlanDraft,
  container: Container,
  running: RuntimeContainer,
  what: "Container" | "Init container",
): void {
  const { pod, probes, memory } = observed;
  const { name } = container;
  const ending = memory.stops.has(running.id);
  const cause = ending ? undefined : causeToStop(container, running, probes);
  if (cause === undefined) {
    if (ending) continueStop(observed, draft, container);
    return;
  }
  const restart = cause.reason === "changed" || restartsWhenKilled(container, pod.spec);
  const suffix = restart && what === "Container" ? ", will be restarted" : "";
  stopContainer(observed, draft, {
    container: running,
    message: cause.reason === "unknown" ? cause.message : `${what} ${name} ${cause.message}${suffix}`,
    graceSeconds: cause.graceSeconds ?? pod.spec.terminationGracePeriodSeconds,
    restart,
  });
}

interface Cause {
  readonly reason: "changed" | "liveness" | "startup" | "unknown";
  readonly message: string;
  readonly graceSeconds?: number | undefined;
}

function causeToStop(container: Container, running: RuntimeContainer, probes: Observed["probes"]): Cause | undefined {
  if (running.state === "unknown") {
    return { reason: "unknown", message: 'Container is in "unknown" state, try killing it before restart' };
  }
  if (running.hash !== "" && running.hash !== hashOf(container))
    return { reason: "changed", message: "definition changed" };
  const { alive, started } = probes(running.id);
  if (started === false && alive === false) {
    const graceSeconds = container.startupProbe?.terminationGracePeriodSeconds;
    return { reason: "startup", message: "failed startup probe", graceSeconds };
  }
  if (alive === false) {
    const graceSeconds = container.livenessProbe?.terminationGracePeriodSeconds;
    return { reason: "liveness", message: "failed liveness probe", graceSeconds };
  }
  return undefined;
}

/** Goes on with ending a container, if that was begun. */
function continueStop(observed: Observed, draft: PlanDraft, { name }: Container): void {
  const newest = newestContainer(observed.runtime, name);
  if (newest === undefined || !mayRun(newest) || !observed.memory.stops.has(newest.id)) return;
  stopContainer(observed, draft, { container: newest, message: "", graceSeconds: 0, restart: false });
}

interface Start {
  readonly container: Container;
  readonly type: ContainerKind;
  readonly sandbox: RuntimeSandbox;
}

/** Starts a container unless it, or an earlier one of its name, still runs, or it has to wait. */
function planStart(observed: Observed, draft: PlanDraft, { container, type, sandbox }: Start): void {
  const { pod, runtime, memory, busy, nowMs, monotonicMs } = observed;
  const { name } = container;
  if (busy.has(startKey(name)) || runningContainers(runtime).some((running) => running.name === name)) return;
  const newest = newestContainer(runtime, name);
  const ended = newest?.state === "exited" ? newest : undefined;
  const failure = memory.failures.get(name);
  // A container that was made and could not be run has ended like any other, and is started anew like any other.
  const ranNever = ended !== undefined && failure?.reason === "RunContainerError";
  if (failure !== undefined && !ranNever && draft.wakeAt(failure.retryAtMs)) {
    draft.wait(name, failure);
    return;
  }
  if (ended !== undefined) {
    const delayMs = restartDelayMs(memory.restarts.get(name), ended);
    if (draft.wakeAt(monotonicMs + Math.min(ended.finishedAtMs + delayMs - nowMs, delayMs))) {
      draft.wait(name, {
        reason: "CrashLoopBackOff",
        message: `back-off ${formatDelay(delayMs)} restarting failed container=${name} pod=${describePod(pod)}`,
      });
      return;
    }
  }
  // Until it runs, the last failure is still the best that can be said.
  if (failure !== undefined) draft.wait(name, failure);
  draft.do({
    kind: "start-container",
    key: startKey(name),
    container: name,
    type,
    sandboxId: sandbox.id,
    restartCount: newest === undefined ? undefined : newest.restartCount + 1,
    afterId: ended?.id,
  });
}
