import type {
  Container,
  ContainerState,
  ContainerStatus,
  VolumeMountStatus,
} from "../../api/generated/types/core-v1.ts";
import { formatTime } from "../../apimachinery/time/time.ts";
import { newestContainer, type RuntimeContainer } from "../runtime/runtime-pod.ts";
import { hasRunRegular, isSidecar, shouldStart } from "../worker/restart-policy.ts";
import type { StatusInput } from "./status-input.ts";

export type StatusList = "containers" | "initContainers" | "ephemeralContainers";

const lostReason = "ContainerStatusUnknown";

/** What users see of a pod's containers of one kind (pkg/kubelet convertToAPIContainerStatuses). */
export function containerStatuses(input: StatusInput, list: StatusList): readonly ContainerStatus[] {
  const containers: readonly Container[] = input.pod.spec[list] ?? [];
  const previous = previousStatuses(input, list);
  const statuses = containers.map((container) => {
    const old = previous?.find(({ name }) => name === container.name);
    const status = applyWaiting(input, list, container, statusOf(input, container, old));
    return withReadiness(input, list, container, status, old);
  });
  return list === "initContainers" ? statuses : statuses.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function previousStatuses({ old }: StatusInput, list: StatusList): readonly ContainerStatus[] | undefined {
  if (list === "containers") return old.containerStatuses;
  return list === "initContainers" ? old.initContainerStatuses : old.ephemeralContainerStatuses;
}

function statusOf(input: StatusInput, container: Container, old: ContainerStatus | undefined): ContainerStatus {
  const named = input.runtime.containers.filter(({ name }) => name === container.name);
  const [newest, before] = named;
  if (newest === undefined) return withoutContainer(input, container, old);
  return {
    name: container.name,
    state: input.hooked.has(container.name) && newest.state === "running" ? toCome(input) : stateOf(newest, old),
    lastState: before === undefined ? lastStateOf(newest, old) : stateOf(before, undefined),
    ready: false,
    restartCount: Math.max(newest.restartCount, old?.restartCount ?? 0),
    image: newest.image,
    imageID: newest.imageRef,
    containerID: containerIdOf(newest),
    ...resourcesOf(container),
    ...mountsOf(container),
  };
}

/** As the API names it, with the runtime's name before it. */
export function containerIdOf({ id }: Pick<RuntimeContainer, "id">): string {
  return `containerd://${id}`;
}

function stateOf(container: RuntimeContainer, old: ContainerStatus | undefined): ContainerState {
  const { state, startedAtMs, finishedAtMs, exitCode, reason, message } = container;
  if (state === "running") return { running: { startedAt: formatTime(startedAtMs) } };
  if (state === "exited") {
    return {
      terminated: {
        exitCode,
        ...(reason === "" ? {} : { reason }),
        ...(message === "" ? {} : { message }),
        // A start that failed has no beginning.
        startedAt: formatTime(startedAtMs),
        finishedAt: formatTime(finishedAtMs),
        containerID: containerIdOf(container),
      },
    };
  }
  if (state === "unknown" && old?.state.running !== undefined) {
    return {
      terminated: {
        exitCode: 137,
        reason: lostReason,
        message: "The container could not be located when the pod was terminated",
      },
    };
  }
  return { waiting: {} };
}

function toCome({ pod }: StatusInput): ContainerState {
  const reason = (pod.spec.initContainers?.length ?? 0) > 0 ? "PodInitializing" : "ContainerCreating";
  return { waiting: { reason } };
}

/** The end before this one, of which the runtime has nothing any more. */
function lastStateOf(newest: RuntimeContainer, old: ContainerStatus | undefined): ContainerState {
  if (old === undefined) return {};
  if (old.containerID !== containerIdOf(newest) && old.state.terminated !== undefined) return old.state;
  return old.lastState.terminated === undefined ? {} : { terminated: old.lastState.terminated };
}

/** The runtime has none of this name: it was never made, or is lost. */
function withoutContainer(input: StatusInput, container: Container, old: ContainerStatus | undefined): ContainerStatus {
  if (old?.state.terminated !== undefined) return old;
  const lost = old?.state.running !== undefined && old.lastState.terminated === undefined;
  const restarted = lost && input.pod.metadata.deletionTimestamp === undefined ? 1 : 0;
  const lastState: ContainerState = lost
    ? {
        terminated: {
          exitCode: 137,
          reason: lostReason,
          message: "The container could not be located when the pod was deleted.  The container used to be Running",
        },
      }
    : (old?.lastState ?? {});
  return {
    name: container.name,
    state: toCome(input),
    lastState,
    ready: false,
    restartCount: (old?.restartCount ?? 0) + restarted,
    image: container.image ?? "",
    imageID: "",
    ...mountsOf(container),
  };
}

/** Containers that are to be started, and cannot yet, say why. */
function applyWaiting(
  input: StatusInput,
  list: StatusList,
  container: Container,
  status: ContainerStatus,
): ContainerStatus {
  const { pod, runtime, waiting } = input;
  const newest = newestContainer(runtime, container.name);
  if (list === "initContainers") {
    if (newest?.state === "exited" && newest.exitCode === 0 && !isSidecar(container)) return status;
    // What ran in an earlier sandbox says nothing: this one begins with its init containers.
    const passed = newest === undefined && !isSidecar(container) && hasRunRegular(pod, runtime);
    if (passed && status.state.waiting !== undefined) {
      const message =
        "Unable to get init container status from container runtime and pod has been initialized, treat it as exited normally";
      return { ...status, state: { terminated: { exitCode: 0, reason: "Completed", message } } };
    }
  }
  const why = waiting.get(container.name);
  if (why === undefined || newest?.state === "running") return status;
  if (list !== "ephemeralContainers" && !shouldStart(pod, container, runtime) && !input.waiting.has(container.name)) {
    return status;
  }
  const lastState = status.state.terminated === undefined ? status.lastState : status.state;
  const { reason, message } = why;
  return { ...status, lastState, state: { waiting: { reason, ...(message === "" ? {} : { message }) } } };
}

/** Whether it has started and is ready, as its probes have it (pkg/kubelet/prober UpdatePodStatus). */
function withReadiness(
  input: StatusInput,
  list: StatusList,
  container: Container,
  status: ContainerStatus,
  old: ContainerStatus | undefined,
): ContainerStatus {
  if (list === "ephemeralContainers") return status;
  const newest = newestContainer(input.runtime, container.name);
  const running = status.state.running !== undefined && newest !== undefined;
  if (list === "initContainers" && !isSidecar(container)) {
    return { ...status, started: running, ready: status.state.terminated?.exitCode === 0 };
  }
  if (!running) return { ...status, started: false };
  // A kubelet that has just started has no verdicts: what was said of this very container holds until it has.
  const same = old?.containerID === status.containerID ? old : undefined;
  const results = input.probes(newest.id);
  const started = container.startupProbe === undefined || (results.started ?? same?.started ?? false);
  const ready = started && (container.readinessProbe === undefined || (results.ready ?? same?.ready ?? false));
  return { ...status, started, ready };
}

function resourcesOf({ resources }: Container): Pick<ContainerStatus, "resources" | "allocatedResources"> {
  const requests = resources?.requests;
  const any = requests !== undefined && Object.keys(requests).length > 0;
  return { resources: resources ?? {}, ...(any ? { allocatedResources: requests } : {}) };
}

function mountsOf({ volumeMounts = [] }: Container): Pick<ContainerStatus, "volumeMounts"> {
  if (volumeMounts.length === 0) return {};
  return {
    volumeMounts: volumeMounts.map(
      ({ name, mountPath, readOnly }): VolumeMountStatus => ({
        name,
        mountPath,
        ...(readOnly ? { readOnly, recursiveReadOnly: "Disabled" } : {}),
      }),
    ),
  };
}
