import type { Pod } from "../../api/core/v1/pod.ts";
import type { Container, ContainerRestartRule, PodSpec } from "../../api/generated/types/core-v1.ts";
import { newestContainer, type RuntimePod } from "../runtime/runtime-pod.ts";

/** An init container that runs beside the ordinary ones. */
export function isSidecar({ restartPolicy }: Container): boolean {
  return restartPolicy === "Always";
}

/** The first rule that names this exit code (pkg/api/v1/pod FindMatchingContainerRestartRule). */
export function matchingRestartRule(container: Container, exitCode: number): ContainerRestartRule | undefined {
  return container.restartPolicyRules?.find(({ exitCodes }) => {
    if (exitCodes === undefined) return false;
    const named = (exitCodes.values ?? []).includes(exitCode);
    return exitCodes.operator === "In" ? named : exitCodes.operator === "NotIn" && !named;
  });
}

/** Whether a container that ended with this code is to run again (pkg/api/v1/pod ContainerShouldRestart). */
export function restartsAfter(container: Container, spec: PodSpec, exitCode: number): boolean {
  if (container.restartPolicy !== undefined && matchingRestartRule(container, exitCode) !== undefined) return true;
  const policy = container.restartPolicy ?? spec.restartPolicy;
  return policy === "OnFailure" ? exitCode !== 0 : policy !== "Never";
}

/** Whether a container that is ended for its own good, by a probe, is to run again. */
export function restartsWhenKilled(container: Container, spec: PodSpec): boolean {
  return (container.restartPolicy ?? spec.restartPolicy) !== "Never";
}

/** Whether the container is to be started now, or will be (pkg/kubelet/container ShouldContainerBeRestarted). */
export function shouldStart(pod: Pod, container: Container, runtime: RuntimePod): boolean {
  if (pod.metadata.deletionTimestamp !== undefined) return false;
  const newest = newestContainer(runtime, container.name);
  if (newest === undefined) return true;
  if (newest.state === "running") return false;
  if (newest.state !== "exited") return true;
  return restartsAfter(container, pod.spec, newest.exitCode);
}

/** Whether a regular container was made, which says that initialization was over. */
export function hasCreatedRegular({ spec }: Pod, runtime: RuntimePod): boolean {
  return spec.containers.some(({ name }) => {
    const newest = newestContainer(runtime, name);
    return newest !== undefined && newest.state !== "unknown";
  });
}

/** Whether a regular container was made in the newest sandbox, so that its init containers have been through. */
export function hasRunRegular({ spec }: Pod, { sandboxes, containers }: RuntimePod): boolean {
  const sandboxId = sandboxes[0]?.id;
  return containers.some((one) => one.sandboxId === sandboxId && spec.containers.some(({ name }) => name === one.name));
}
