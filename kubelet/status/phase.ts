import type { Container, ContainerStatus, PodSpec } from "../../api/generated/types/core-v1.ts";
import { isSidecar, restartsAfter } from "../worker/restart-policy.ts";

export type PodPhase = "Pending" | "Running" | "Succeeded" | "Failed";

export interface PhaseInput {
  readonly spec: PodSpec;
  /** Of init and regular containers. */
  readonly statuses: readonly ContainerStatus[];
  /** No container runs, and none will: restart policies no longer matter. */
  readonly stopped: boolean;
  /** A regular container of the present sandbox was made. */
  readonly hasRunRegular: boolean;
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === "Succeeded" || phase === "Failed";
}

/** A pod's phase follows from its containers' states (pkg/kubelet getPhase). */
export function podPhase(input: PhaseInput): PodPhase {
  const { spec, statuses, stopped, hasRunRegular } = input;
  const byName = new Map(statuses.map((status) => [status.name, status]));
  const init = countInit(spec, byName);
  if (init.failed > 0) return "Failed";
  const sidecars = countSidecars(spec, byName);
  const regular = countRegular(spec, byName);
  if (init.pending > 0 || (sidecars.pending > 0 && !hasRunRegular)) return "Pending";
  if (sidecars.waiting + regular.waiting > 0) return "Pending";
  const running = sidecars.running + regular.running;
  const unknown = sidecars.unknown + regular.unknown;
  if (unknown > 0) return "Pending";
  if (running > 0) return "Running";
  if (regular.stopped === 0) return "Pending";
  if (!stopped && regular.restartable > 0) return "Running";
  return regular.stopped === regular.succeeded ? "Succeeded" : "Failed";
}

type ByName = ReadonlyMap<string, ContainerStatus>;

/** The code a container ended with, where it does not run now. */
function exitCodeOf({ state, lastState }: ContainerStatus): number | undefined {
  if (state.terminated !== undefined) return state.terminated.exitCode;
  return state.waiting === undefined ? undefined : lastState.terminated?.exitCode;
}

function countInit(spec: PodSpec, byName: ByName): { pending: number; failed: number } {
  const count = { pending: 0, failed: 0 };
  for (const container of spec.initContainers ?? []) {
    if (isSidecar(container)) continue;
    const status = byName.get(container.name);
    const exitCode = status && exitCodeOf(status);
    if (exitCode === undefined) count.pending++;
    else if (exitCode !== 0 && !restartsAfter(container, spec, exitCode)) count.failed++;
    else if (exitCode !== 0 || status?.state.terminated === undefined) count.pending++;
  }
  return count;
}

function countSidecars(spec: PodSpec, byName: ByName): Record<"pending" | "running" | "waiting" | "unknown", number> {
  const count = { pending: 0, running: 0, waiting: 0, unknown: 0 };
  for (const container of spec.initContainers ?? []) {
    if (!isSidecar(container)) continue;
    const status = byName.get(container.name);
    if (status?.state.running !== undefined) {
      count.running++;
      if (status.started !== true) count.pending++;
    } else if (status?.state.terminated !== undefined) {
      // An ended sidecar says nothing about the pod.
    } else if (status?.state.waiting !== undefined) {
      if (status.lastState.terminated !== undefined) continue;
      count.pending++;
      count.waiting++;
    } else count.unknown++;
  }
  return count;
}

interface RegularCount {
  running: number;
  stopped: number;
  succeeded: number;
  restartable: number;
  waiting: number;
  unknown: number;
}

function countRegular(spec: PodSpec, byName: ByName): RegularCount {
  const count: RegularCount = { running: 0, stopped: 0, succeeded: 0, restartable: 0, waiting: 0, unknown: 0 };
  for (const container of spec.containers) {
    const status = byName.get(container.name);
    const exitCode = status && exitCodeOf(status);
    if (status?.state.running !== undefined) count.running++;
    else if (exitCode !== undefined) countStopped(count, { container, spec, exitCode });
    else if (status?.state.waiting !== undefined) count.waiting++;
    else count.unknown++;
    if (status?.state.terminated?.exitCode === 0) count.succeeded++;
  }
  return count;
}

function countStopped(
  count: RegularCount,
  { container, spec, exitCode }: { readonly container: Container; readonly spec: PodSpec; readonly exitCode: number },
): void {
  count.stopped++;
  if (restartsAfter(container, spec, exitCode)) count.restartable++;
}
