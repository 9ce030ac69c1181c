import type { ContainerStatus, PodSandboxStatus } from "../../cri/mod.ts";
import { readNotes } from "./labels.ts";
import type { RuntimeContainer, RuntimeSandbox } from "./runtime-pod.ts";

const nanosPerMs = 1_000_000;

const states = {
  CONTAINER_CREATED: "created",
  CONTAINER_RUNNING: "running",
  CONTAINER_EXITED: "exited",
  CONTAINER_UNKNOWN: "unknown",
} as const;

/** A container as the runtime tells it (toKubeContainerStatus), without what it left in its termination log. */
export function containerOf(status: ContainerStatus, sandboxId: string): RuntimeContainer {
  const notes = readNotes(status.annotations);
  return {
    id: status.id,
    name: status.metadata?.name ?? "",
    sandboxId,
    state: states[status.state] ?? "unknown",
    restartCount: notes.restartCount,
    hash: notes.hash,
    image: status.image?.image ?? "",
    imageRef: status.imageRef,
    createdAtMs: status.createdAt / nanosPerMs,
    startedAtMs: status.startedAt / nanosPerMs,
    finishedAtMs: status.finishedAt / nanosPerMs,
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    logPath: status.logPath,
    ...(notes.terminationGraceSeconds === undefined ? {} : { terminationGraceSeconds: notes.terminationGraceSeconds }),
    ...(notes.preStop === undefined ? {} : { preStop: notes.preStop }),
  };
}

export function sandboxOf(status: PodSandboxStatus): RuntimeSandbox {
  const { id, metadata, state, createdAt, network, linux } = status;
  const ips = [network?.ip ?? "", ...(network?.additionalIps ?? []).map(({ ip }) => ip)];
  return {
    id,
    attempt: metadata?.attempt ?? 0,
    ready: state === "SANDBOX_READY",
    createdAtMs: createdAt / nanosPerMs,
    hostNetwork: linux?.namespaces?.options?.network === "NODE",
    ips: ips.filter((ip) => ip !== ""),
  };
}
