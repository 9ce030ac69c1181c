import type { Container, ContainerState, ContainerStatus, Pod } from "../../../generated/types/core-v1.ts";
import { isRestartableInitContainer } from "./containers.ts";

/** What `kubectl get pods` says of a pod. */
export interface PodSummary {
  readonly ready: number;
  /** Ordinary containers and sidecars. */
  readonly total: number;
  /** `Running`, `Init:0/2`, `CrashLoopBackOff`, `Terminating`, … */
  readonly status: string;
  readonly restarts: number;
  /** When a container last ended and was started again; RFC 3339. */
  readonly lastRestart: string | undefined;
}

interface Tally {
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

const none: readonly never[] = [];

/** Sums up a pod's status as upstream's printer does (pkg/printers/internalversion printPod). */
export function summarizePod(pod: Pod): PodSummary {
  const { spec, status = {} } = pod;
  const initContainers = spec?.initContainers ?? none;
  const tally: Tally = { ready: 0, restarts: 0, lastRestart: undefined };
  const init = summarizeInit(pod, tally);
  let reason = init.reason ?? startReason(pod);
  if (init.reason === undefined || init.done) {
    tally.restarts = init.sidecars.restarts;
    tally.lastRestart = init.sidecars.lastRestart;
    reason = summarizeContainers(pod, tally, reason);
  }
  if (pod.metadata.deletionTimestamp !== undefined) {
    const { phase = "" } = status;
    if (status.reason === "NodeLost") reason = "Unknown";
    else if (phase !== "Failed" && phase !== "Succeeded") reason = "Terminating";
  }
  const total = (spec?.containers?.length ?? 0) + initContainers.filter(isRestartableInitContainer).length;
  return { ready: tally.ready, total, status: reason, restarts: tally.restarts, lastRestart: tally.lastRestart };
}

function startReason({ status }: Pod): string {
  const gated = status?.conditions?.some(({ type, reason }) => type === "PodScheduled" && reason === "SchedulingGated");
  return gated ? "SchedulingGated" : status?.reason || status?.phase || "";
}

function count(tally: Tally, { restartCount = 0, lastState }: ContainerStatus): void {
  tally.restarts += restartCount;
  const ended = lastState?.terminated?.finishedAt;
  if (ended !== undefined && (tally.lastRestart === undefined || Date.parse(ended) > Date.parse(tally.lastRestart))) {
    tally.lastRestart = ended;
  }
}

interface InitSummary {
  /** Why the pod is not past initialization; undefined when it is. */
  readonly reason: string | undefined;
  /** The Initialized condition says so anyway. */
  readonly done: boolean;
  readonly sidecars: Tally;
}

/** Goes through init containers up to the first that has not done its part. */
function summarizeInit({ spec, status }: Pod, tally: Tally): InitSummary {
  const sidecars: Tally = { ready: 0, restarts: 0, lastRestart: undefined };
  const containers = new Map<string, Container>();
  for (const container of spec?.initContainers ?? none) containers.set(container.name, container);
  const done = status?.conditions?.some((one) => one.type === "Initialized" && one.status === "True") ?? false;
  const statuses = status?.initContainerStatuses ?? none;
  for (let i = 0; i < statuses.length; i++) {
    const one = statuses[i]!;
    const sidecar = isRestartableInitContainer(containers.get(one.name));
    count(tally, one);
    if (sidecar) count(sidecars, one);
    const { terminated, waiting }: ContainerState = one.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (sidecar && one.started) {
      if (one.ready) tally.ready++;
      continue;
    }
    if (terminated !== undefined) return { reason: `Init:${endReason(terminated)}`, done, sidecars };
    if (waiting?.reason && waiting.reason !== "PodInitializing") {
      return { reason: `Init:${waiting.reason}`, done, sidecars };
    }
    return { reason: `Init:${i}/${spec?.initContainers?.length ?? 0}`, done, sidecars };
  }
  return { reason: undefined, done, sidecars };
}

function endReason({ reason, signal, exitCode = 0 }: NonNullable<ContainerState["terminated"]>): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`);
}

/** From the last container to the first, so that the first's reason wins. */
function summarizeContainers({ status }: Pod, tally: Tally, start: string): string {
  let reason = start;
  let failure = "";
  let running = false;
  const statuses = status?.containerStatuses ?? none;
  for (let i = statuses.length - 1; i >= 0; i--) {
    const one = statuses[i]!;
    count(tally, one);
    const { waiting, terminated, running: runs }: ContainerState = one.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated !== undefined) {
      reason = endReason(terminated);
      if (terminated.exitCode) failure = reason;
    } else if (one.ready && runs !== undefined) {
      running = true;
      tally.ready++;
    }
  }
  if (reason !== "Completed") return reason;
  const ready = status?.conditions?.some((one) => one.type === "Ready" && one.status === "True") ?? false;
  if (running && ready) return "Running";
  return failure || (running ? "NotReady" : reason);
}
