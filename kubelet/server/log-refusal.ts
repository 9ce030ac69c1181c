import type { ContainerStatus, Pod } from "../../api/generated/types/core-v1.ts";
import { goQuote } from "../../apimachinery/text/go-quote.ts";

/** Why there is no log of a container (pkg/kubelet/kubelet_pods.go validateContainerLogStatus). */
export function logRefusal(pod: Pod, container: string, previous: boolean): string {
  const podName = pod.metadata.name ?? "";
  const named = `container ${goQuote(container)} in pod ${goQuote(podName)}`;
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
  const all: readonly ContainerStatus[] = [
    ...containerStatuses,
    ...initContainerStatuses,
    ...ephemeralContainerStatuses,
  ];
  if (previous) return `previous terminated ${named} not found`;
  const status = all.find(({ name }) => name === container);
  if (status === undefined) return `${named} is not available`;
  if (status.state?.terminated !== undefined || status.lastState?.terminated !== undefined) {
    return `${named} is terminated`;
  }
  const waiting = status.state?.waiting;
  if (waiting === undefined) return `${named} is waiting to start - no logs yet`;
  const reasons: Readonly<Record<string, string>> = {
    ErrImagePull: "image can't be pulled",
    ImagePullBackOff: "trying and failing to pull image",
  };
  return `${named} is waiting to start: ${reasons[waiting.reason ?? ""] ?? waiting.reason ?? ""}`;
}
