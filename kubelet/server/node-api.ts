import type { Pod } from "../../api/core/v1/pod.ts";

/** A container of a pod on this node, running or ended. */
export interface ContainerTarget {
  readonly pod: Pod;
  /** As the runtime knows it; the newest attempt, or the one before where `previous` was asked for. */
  readonly containerId: string;
  readonly sandboxId: string;
  readonly state: "created" | "running" | "exited";
  /** The file of CRI log lines, rotated ones beside it. */
  readonly logPath: string;
}

/** What the kubelet's HTTPS API needs to know of the kubelet. */
export interface NodeApi {
  /** What runs here, static pods included, with the status as this node knows it. */
  pods(): readonly Pod[];
  /** Of this name; `uid` where it is known. */
  pod(namespace: string, name: string, uid?: string): Pod | undefined;
  /** Undefined: the pod has no such container, or it was never started. */
  container(
    pod: Pod,
    container: string,
    options?: { readonly previous?: boolean },
  ): Promise<ContainerTarget | undefined>;
  sandboxOf(pod: Pod): Promise<string | undefined>;
}
