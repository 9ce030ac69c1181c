import type { Pod } from "../../api/core/v1/pod.ts";
import type { PodCgroups } from "../cgroups/pod-cgroups.ts";
import type { NodeApi } from "../server/node-api.ts";
import type { MeasuredContainer, MeasuredPod } from "./create-node-stats.ts";

/** The pods that run on this node now, with the containers that do, for `createNodeStats`. */
export function measuredPods(
  api: Pick<NodeApi, "pods" | "container" | "sandboxOf">,
  cgroups: Pick<PodCgroups, "parentOf">,
): () => Promise<readonly MeasuredPod[]> {
  return () => Promise.all(api.pods().filter(isRunning).map(measured));

  async function measured(pod: Pod): Promise<MeasuredPod> {
    const { name = "", namespace = "", uid = "", creationTimestamp } = pod.metadata;
    const sandboxId = pod.spec.hostNetwork === true ? undefined : await api.sandboxOf(pod);
    const startTime = pod.status.startTime ?? creationTimestamp ?? "";
    return {
      name,
      namespace,
      uid,
      startedAtMs: Date.parse(startTime) || 0,
      cgroup: cgroups.parentOf(pod),
      sandboxId,
      containers: await Promise.all(runningContainers(pod).map((container) => withLog(pod, container))),
    };
  }

  async function withLog(pod: Pod, container: MeasuredContainer): Promise<MeasuredContainer> {
    const target = await api.container(pod, container.name);
    return { ...container, logPath: target?.logPath };
  }
}

function isRunning({ status }: Pod): boolean {
  return status.phase !== "Succeeded" && status.phase !== "Failed";
}

/** By the status, whose ids are `containerd://ID`. */
function runningContainers({ status }: Pod): readonly MeasuredContainer[] {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = status;
  return [...initContainerStatuses, ...containerStatuses, ...ephemeralContainerStatuses].flatMap(
    ({ name, containerID = "", state }) =>
      state?.running === undefined
        ? []
        : [
            {
              name,
              id: containerID.replace(/^.*:\/\//, ""),
              startedAtMs: Date.parse(state.running.startedAt ?? "") || 0,
            },
          ],
  );
}
