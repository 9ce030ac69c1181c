import type { LifecycleHandler } from "../../api/generated/types/core-v1.ts";

/** What identifies a pod in the runtime. */
export interface PodIdentity {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
}

export interface RuntimeSandbox {
  readonly id: string;
  readonly attempt: number;
  readonly ready: boolean;
  readonly createdAtMs: number;
  readonly hostNetwork: boolean;
  /** Primary first. Empty: on the host's network, or none was assigned. */
  readonly ips: readonly string[];
}

/** Times are milliseconds since 1970; 0 where it has not happened. */
export interface RuntimeContainer {
  readonly id: string;
  readonly name: string;
  readonly sandboxId: string;
  readonly state: "created" | "running" | "exited" | "unknown";
  readonly restartCount: number;
  /** Of the spec it was made from; see `containerHash`. */
  readonly hash: string;
  readonly image: string;
  readonly imageRef: string;
  readonly createdAtMs: number;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly exitCode: number;
  /** Of an exited one, as the runtime and the container itself say. */
  readonly reason: string;
  readonly message: string;
  readonly logPath: string;
  /** What ending it needs to know where the pod is no longer known. */
  readonly terminationGraceSeconds?: number;
  readonly preStop?: LifecycleHandler;
}

/** What the runtime has of one pod. Immutable; sandboxes and containers newest first. */
export interface RuntimePod extends PodIdentity {
  readonly sandboxes: readonly RuntimeSandbox[];
  readonly containers: readonly RuntimeContainer[];
}

export function emptyRuntimePod({ uid, name, namespace }: PodIdentity): RuntimePod {
  return { uid, name, namespace, sandboxes: [], containers: [] };
}

/** The newest container of this name. */
export function newestContainer({ containers }: RuntimePod, name: string): RuntimeContainer | undefined {
  return containers.find((container) => container.name === name);
}

/** Running, or perhaps running. */
export function mayRun({ state }: RuntimeContainer): boolean {
  return state === "running" || state === "unknown";
}

export function runningContainers({ containers }: RuntimePod): readonly RuntimeContainer[] {
  return containers.filter(mayRun);
}

export function newestFirst<T extends { readonly id: string; readonly createdAtMs: number }>(
  items: readonly T[],
): readonly T[] {
  return items.toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1));
}

/** The pod with this container as it is now; `replaced` by id, or added. */
export function withContainer(pod: RuntimePod, container: RuntimeContainer): RuntimePod {
  const others = pod.containers.filter(({ id }) => id !== container.id);
  return { ...pod, containers: newestFirst([container, ...others]) };
}

export function withoutContainer(pod: RuntimePod, id: string): RuntimePod {
  return { ...pod, containers: pod.containers.filter((container) => container.id !== id) };
}

export function withSandbox(pod: RuntimePod, sandbox: RuntimeSandbox): RuntimePod {
  const others = pod.sandboxes.filter(({ id }) => id !== sandbox.id);
  return { ...pod, sandboxes: newestFirst([sandbox, ...others]) };
}

export function withoutSandbox(pod: RuntimePod, id: string): RuntimePod {
  return { ...pod, sandboxes: pod.sandboxes.filter((sandbox) => sandbox.id !== id) };
}

/** Addresses of the newest sandbox, while it is ready. */
export function podIPsOf({ sandboxes }: RuntimePod): readonly string[] {
  const newest = sandboxes[0];
  return newest?.ready ? newest.ips : [];
}

export type SandboxVerdict =
  | { readonly kind: "usable"; readonly sandbox: RuntimeSandbox }
  /** Another one is needed; `previous` is the newest there was. */
  | { readonly kind: "needed"; readonly attempt: number; readonly previous: RuntimeSandbox | undefined };

/** Whether the pod has the sandbox its containers can run in (pkg/kubelet/kuberuntime/util PodSandboxChanged). */
export function judgeSandbox({ sandboxes }: RuntimePod, hostNetwork: boolean): SandboxVerdict {
  const newest = sandboxes[0];
  if (newest === undefined) return { kind: "needed", attempt: 0, previous: undefined };
  const ready = sandboxes.filter((sandbox) => sandbox.ready).length;
  const usable =
    ready === 1 && newest.ready && newest.hostNetwork === hostNetwork && (hostNetwork || newest.ips.length > 0);
  return usable
    ? { kind: "usable", sandbox: newest }
    : { kind: "needed", attempt: newest.attempt + 1, previous: newest };
}
