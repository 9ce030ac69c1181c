import { join } from "node:path";
import type { Pod } from "../../api/core/v1/pod.ts";

/** Labels and annotations by which a kubelet finds its pods again (pkg/kubelet/kuberuntime/labels.go). */
export const labelNames = {
  podName: "io.kubernetes.pod.name",
  podNamespace: "io.kubernetes.pod.namespace",
  podUid: "io.kubernetes.pod.uid",
  containerName: "io.kubernetes.container.name",
} as const;

export const annotationNames = {
  hash: "io.kubernetes.container.hash",
  restartCount: "io.kubernetes.container.restartCount",
  terminationMessagePath: "io.kubernetes.container.terminationMessagePath",
  terminationMessagePolicy: "io.kubernetes.container.terminationMessagePolicy",
  preStopHandler: "io.kubernetes.container.preStopHandler",
  ports: "io.kubernetes.container.ports",
  deletionGracePeriod: "io.kubernetes.pod.deletionGracePeriod",
  terminationGracePeriod: "io.kubernetes.pod.terminationGracePeriod",
} as const;

/** `web-1_shop(d0d0…)`: a pod as messages name it (pkg/kubelet/util/format). */
export function describePod({ metadata }: Pick<Pod, "metadata">): string {
  return `${metadata.name ?? ""}_${metadata.namespace ?? ""}(${metadata.uid ?? ""})`;
}

/** Where the logs of a pod's containers lie: `/var/log/pods/NAMESPACE_NAME_UID`. */
export function podLogsDirectory(podLogsDir: string, { metadata }: Pick<Pod, "metadata">): string {
  return join(podLogsDir, `${metadata.namespace ?? ""}_${metadata.name ?? ""}_${metadata.uid ?? ""}`);
}

/** A container's log below its pod's directory: `web/0.log`. */
export function containerLogPath(container: string, restartCount: number): string {
  return `${container}/${restartCount}.log`;
}

/** The uid that a directory of pod logs belongs to. */
export function uidOfLogsDirectory(name: string): string {
  return name.slice(name.lastIndexOf("_") + 1);
}
