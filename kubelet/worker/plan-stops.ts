import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container } from "../../api/generated/types/core-v1.ts";
import { type RuntimeContainer, type RuntimePod, runningContainers } from "../runtime/runtime-pod.ts";
import type { Stop } from "./memory.ts";
import type { Observed, PlanDraft } from "./plan.ts";
import { isSidecar } from "./restart-policy.ts";

/** Containers always have this long between the word and the axe (pkg/kubelet/kuberuntime minimumGracePeriodInSeconds). */
const leastSeconds = 2;

export interface StopOptions {
  readonly container: RuntimeContainer;
  /** Of the event; empty: `Stopping container NAME`. */
  readonly message: string;
  readonly graceSeconds: number;
  /** It runs again afterwards. */
  readonly restart: boolean;
  /** The pod ends as a whole: sidecars wait for those they serve. */
  readonly ordered?: boolean;
}

/**
 * One container's end: said, then its pre-stop hook, then its turn, then the signal with what is left of its grace
 * (killContainer). To be planned again until it has ended.
 */
export function stopContainer(observed: Observed, draft: PlanDraft, options: StopOptions): void {
  const { pod, memory, monotonicMs } = observed;
  const { id, name, preStop: notedPreStop } = options.container;
  const stop = memory.stops.get(id);
  if (stop === undefined) {
    const { message, graceSeconds, restart } = options;
    draft.do({
      kind: "begin-stop",
      key: `begin-stop/${id}`,
      containerId: id,
      container: name,
      message: message === "" ? `Stopping container ${name}` : message,
      graceSeconds,
      restart,
    });
    return;
  }
  const spec = findContainer(pod, name);
  const hasPreStop = (spec === undefined ? notedPreStop : spec.lifecycle?.preStop) !== undefined;
  const inTime = draft.wakeAt(stop.deadlineMs);
  if (inTime && hasPreStop && !stop.preStopDone) {
    draft.do({ kind: "run-pre-stop", key: `pre-stop/${id}`, containerId: id, container: name });
    return;
  }
  if (inTime && options.ordered && !isTurnOf(pod, observed.runtime, name)) return;
  const timeoutSeconds = Math.max(leastSeconds, Math.ceil((stop.deadlineMs - monotonicMs) / 1_000));
  const key = `stop/${id}/${Math.round(stop.deadlineMs)}`;
  draft.try(id, { kind: "stop-container", key, containerId: id, container: name, timeoutSeconds });
}

/** Ends all that runs of the pod. True once nothing does. */
export function stopAll(
  observed: Observed,
  draft: PlanDraft,
  { graceSeconds, deadlineMs = Infinity }: { readonly graceSeconds: number; readonly deadlineMs?: number },
): boolean {
  const running = runningContainers(observed.runtime);
  for (const container of running) {
    const stop: Stop | undefined = observed.memory.stops.get(container.id);
    if (stop !== undefined && stop.deadlineMs > deadlineMs) {
      const { id } = container;
      draft.do({ kind: "hasten-stop", key: `hasten-stop/${id}`, containerId: id, deadlineMs });
      continue;
    }
    const leftSeconds = Math.min(graceSeconds, (deadlineMs - observed.monotonicMs) / 1_000);
    stopContainer(observed, draft, {
      container,
      message: "",
      graceSeconds: leftSeconds,
      restart: false,
      ordered: true,
    });
  }
  return running.length === 0;
}

/** Sidecars end after the regular containers, the last one first (kuberuntime_termination_order.go). */
function isTurnOf({ spec }: Pod, runtime: RuntimePod, name: string): boolean {
  const initContainers = spec.initContainers ?? [];
  const index = initContainers.findIndex((container) => container.name === name && isSidecar(container));
  if (index < 0) return true;
  const running = new Set(runningContainers(runtime).map((container) => container.name));
  if (spec.containers.some((container) => running.has(container.name))) return false;
  return !initContainers.slice(index + 1).some((later) => isSidecar(later) && running.has(later.name));
}

/** A container of the pod's spec, of whatever kind. */
export function findContainer({ spec }: Pod, name: string): Container | undefined {
  const named = (container: Container): boolean => container.name === name;
  return (
    spec.containers.find(named) ??
    spec.initContainers?.find(named) ??
    (spec.ephemeralContainers?.find(named) as Container)
  );
}
