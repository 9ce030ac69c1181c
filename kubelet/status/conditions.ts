import type { ContainerStatus, PodCondition } from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { judgeSandbox } from "../runtime/runtime-pod.ts";
import { isSidecar } from "../worker/restart-policy.ts";
import type { PodPhase } from "./phase.ts";
import type { StatusInput } from "./status-input.ts";

/** Conditions that a kubelet owns (pkg/kubelet/types PodConditionByKubelet). Others' are kept as they are. */
export const kubeletConditions: ReadonlySet<string> = new Set([
  "PodScheduled",
  "Ready",
  "Initialized",
  "ContainersReady",
  "PodResizeInProgress",
  "PodResizePending",
  "PodReadyToStartContainers",
  "AllContainersRestarting",
]);

type Verdict = Pick<PodCondition, "status" | "reason" | "message">;

export interface ConditionsInput extends StatusInput {
  readonly phase: PodPhase;
  readonly init: readonly ContainerStatus[];
  readonly regular: readonly ContainerStatus[];
}

/** All of a pod's conditions: others' first, then the kubelet's in upstream's order (pkg/kubelet/status/generate.go). */
export function podConditions(input: ConditionsInput): readonly PodCondition[] {
  const { pod, old, nowMs } = input;
  const foreign = (pod.status.conditions ?? []).filter(({ type }) => !kubeletConditions.has(type));
  const containersReady = judgeContainersReady(input);
  const verdicts: readonly (readonly [string, Verdict])[] = [
    ["PodReadyToStartContainers", { status: hasGround(input) ? "True" : "False" }],
    ["Initialized", judgeInitialized(input)],
    ["Ready", judgeReady(input, containersReady)],
    ["ContainersReady", containersReady],
    ["PodScheduled", { status: "True" }],
  ];
  const { generation } = pod.metadata;
  const owned = verdicts.map(([type, verdict]): PodCondition => {
    const before = [...(old.conditions ?? []), ...(pod.status.conditions ?? [])].find((other) => other.type === type);
    const unchanged = before?.status === verdict.status && before.lastTransitionTime !== undefined;
    return {
      type,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...verdict,
      lastTransitionTime: unchanged ? (before.lastTransitionTime as string) : formatTime(nowMs),
    };
  });
  return [...foreign, ...owned];
}

/** Sandbox and volumes are there. Where a container has been made in the sandbox, its volumes were. */
function hasGround({ pod, runtime, volumesReady }: ConditionsInput): boolean {
  const verdict = judgeSandbox(runtime, pod.spec.hostNetwork ?? false);
  if (verdict.kind !== "usable") return false;
  return volumesReady || runtime.containers.some(({ sandboxId }) => sandboxId === verdict.sandbox.id);
}

/** `[a b]`, as Go prints a list. */
function goList(names: readonly string[]): string {
  return `[${names.join(" ")}]`;
}

function describe(unknown: readonly string[], others: readonly string[], what: string): string {
  const messages: string[] = [];
  if (unknown.length > 0) messages.push(`containers with unknown status: ${goList(unknown)}`);
  if (others.length > 0) messages.push(`containers with ${what} status: ${goList(others)}`);
  return messages.join(", ");
}

function judgeContainersReady({ pod, phase, init, regular, failed }: ConditionsInput): Verdict {
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const unknown: string[] = [];
  const unready: string[] = [];
  const statuses = [...init, ...regular];
  for (const { name } of [...(pod.spec.initContainers?.filter(isSidecar) ?? []), ...pod.spec.containers]) {
    const status = statuses.find((status) => status.name === name);
    if (status === undefined) unknown.push(name);
    else if (!status.ready) unready.push(name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { status: "False", reason: "PodCompleted" };
  const message = describe(unknown, unready, "unready");
  if (message !== "" || failed !== undefined) return { status: "False", reason: "ContainersNotReady", message };
  return { status: "True" };
}

function judgeReady({ pod }: ConditionsInput, containersReady: Verdict): Verdict {
  if (containersReady.status !== "True") return containersReady;
  const messages: string[] = [];
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const condition = pod.status.conditions?.find(({ type }) => type === conditionType);
    if (condition === undefined) {
      messages.push(`corresponding condition of pod readiness gate "${conditionType}" does not exist.`);
    } else if (condition.status !== "True") {
      messages.push(`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`);
    }
  }
  if (messages.length === 0) return { status: "True" };
  return { status: "False", reason: "ReadinessGatesNotReady", message: messages.join(", ") };
}

function judgeInitialized({ pod, phase, init, regular }: ConditionsInput): Verdict {
  const unknown: string[] = [];
  const incomplete: string[] = [];
  for (const container of pod.spec.initContainers ?? []) {
    const status = init.find(({ name }) => name === container.name);
    if (status === undefined) unknown.push(container.name);
    else if (isSidecar(container) ? status.started !== true : !status.ready) incomplete.push(container.name);
  }
  if (phase === "Succeeded" && unknown.length === 0) return { status: "True", reason: "PodCompleted" };
  if (regular.some(({ state }) => state.running !== undefined || state.terminated !== undefined))
    return { status: "True" };
  const message = describe(unknown, incomplete, "incomplete");
  return message === "" ? { status: "True" } : { status: "False", reason: "ContainersNotInitialized", message };
}
