import { podQOSClass } from "../../api/core/v1/pod/qos.ts";
import type { ContainerStatus, PodStatus } from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { podRequests } from "../cgroups/pod-resources.ts";
import { podIPsOf } from "../runtime/runtime-pod.ts";
import { hasRunRegular, isSidecar } from "../worker/restart-policy.ts";
import { podConditions } from "./conditions.ts";
import { containerStatuses } from "./container-statuses.ts";
import { isTerminalPhase, type PodPhase, podPhase } from "./phase.ts";
import type { StatusInput } from "./status-input.ts";

/** The status of a pod on this node (pkg/kubelet generateAPIPodStatus). Pure. */
export function generateStatus(input: StatusInput): PodStatus {
  const { pod, old, nowMs, failed } = input;
  const lists = terminated(input, {
    init: containerStatuses(input, "initContainers"),
    regular: containerStatuses(input, "containers"),
    ephemeral: containerStatuses(input, "ephemeralContainers"),
  });
  const phase = decidePhase(input, lists);
  const { generation } = pod.metadata;
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    phase,
    conditions: podConditions({ ...input, phase, ...lists }),
    ...explanation(input, phase),
    ...addresses(input),
    startTime: old.startTime ?? pod.status.startTime ?? formatTime(nowMs),
    ...(lists.init.length > 0 ? { initContainerStatuses: lists.init } : {}),
    // A pod that was never let in has no containers to speak of.
    ...(failed !== undefined && input.runtime.containers.length === 0 && !hasStatuses(old)
      ? {}
      : { containerStatuses: lists.regular }),
    ...(lists.ephemeral.length > 0 ? { ephemeralContainerStatuses: lists.ephemeral } : {}),
    ...allocated(input),
    qosClass: podQOSClass(pod.spec),
  };
}

interface Lists {
  readonly init: readonly ContainerStatus[];
  readonly regular: readonly ContainerStatus[];
  readonly ephemeral: readonly ContainerStatus[];
}

function hasStatuses({ containerStatuses = [] }: PodStatus): boolean {
  return containerStatuses.length > 0;
}

function decidePhase(input: StatusInput, { init, regular }: Lists): PodPhase {
  const { pod, old, runtime, stage, failed } = input;
  // Terminal phases are for ever, and the API knows best.
  for (const { phase } of [pod.status, old]) if (isTerminalPhase(phase)) return phase as PodPhase;
  if (failed !== undefined) return "Failed";
  const phase = podPhase({
    spec: pod.spec,
    statuses: [...init, ...regular],
    stopped: stage !== "running",
    hasRunRegular: hasRunRegular(pod, runtime),
  });
  // Whatever it was, it will not run: the API may let go of it.
  if (stage === "terminated" && !isTerminalPhase(phase)) return "Failed";
  return phase;
}

/** Reason and message belong to the phase, and stay as long as it does. */
function explanation({ pod, old, failed }: StatusInput, phase: PodPhase): Pick<PodStatus, "reason" | "message"> {
  if (failed !== undefined && !isTerminalPhase(pod.status.phase)) return failed;
  if (phase !== old.phase) return {};
  const reason = old.reason ?? pod.status.reason;
  const message = old.message ?? pod.status.message;
  return { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
}

type Addresses = Pick<PodStatus, "hostIP" | "hostIPs" | "podIP" | "podIPs">;

function addresses({ pod, old, runtime, terminating, nodeIPs }: StatusInput): Addresses {
  const [hostIP] = nodeIPs;
  const host = hostIP === undefined ? {} : { hostIP, hostIPs: nodeIPs.map((ip) => ({ ip })) };
  const known = (old.podIPs ?? pod.status.podIPs ?? []).map(({ ip }) => ip);
  const own = podIPsOf(runtime);
  const ips = pod.spec.hostNetwork ? nodeIPs : own.length > 0 || !terminating ? own : known;
  const [podIP] = ips;
  return { ...host, ...(podIP === undefined ? {} : { podIP, podIPs: ips.map((ip) => ({ ip })) }) };
}

function allocated({ pod }: StatusInput): Pick<PodStatus, "allocatedResources" | "resources"> {
  const requests = podRequests(pod);
  const { resources } = pod.spec;
  return {
    ...(Object.keys(requests).length > 0 ? { allocatedResources: requests } : {}),
    ...(resources === undefined ? {} : { resources }),
  };
}

/** Once nothing runs, each container that ever began has an end, be it an unknown one (pkg/kubelet/status TerminatePod). */
function terminated(input: StatusInput, lists: Lists): Lists {
  if (input.stage !== "terminated") return lists;
  const { init, regular } = lists;
  const begun = (status: ContainerStatus): boolean =>
    status.state.terminated !== undefined ||
    status.state.running !== undefined ||
    status.lastState.terminated !== undefined;
  const initialized = init.length === 0 || regular.some(begun) || hasPassed(input, init.at(-1));
  const lastBegun = init.findLastIndex(begun);
  return {
    ...lists,
    init: init.map((status, index) => (index <= lastBegun ? ended(status) : status)),
    regular: initialized ? regular.map(ended) : regular,
  };
}

/** Whether this init container, the last one, let the regular ones begin (pkg/kubelet/status hasPodInitialized). */
function hasPassed({ pod }: StatusInput, last: ContainerStatus | undefined): boolean {
  const sidecar = pod.spec.initContainers?.some((one) => one.name === last?.name && isSidecar(one)) ?? false;
  if (sidecar) return last?.state.running !== undefined && last.started === true;
  return [last?.state, last?.lastState].some((state) => state?.terminated?.exitCode === 0);
}

function ended(status: ContainerStatus): ContainerStatus {
  if (status.state.terminated !== undefined) return status;
  const message = "The container could not be located when the pod was terminated";
  return { ...status, state: { terminated: { exitCode: 137, reason: "ContainerStatusUnknown", message } } };
}
