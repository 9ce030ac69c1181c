import type { Pod } from "../../api/core/v1/pod.ts";

/** Annotations of static pods and their mirrors (pkg/kubelet/types/pod_update.go). */
export const configAnnotations = {
  source: "kubernetes.io/config.source",
  hash: "kubernetes.io/config.hash",
  seen: "kubernetes.io/config.seen",
  mirror: "kubernetes.io/config.mirror",
} as const;

/** A static pod as the API knows it: it does not decide what runs. */
export function isMirrorPod({ metadata }: Pod): boolean {
  return metadata.annotations?.[configAnnotations.mirror] !== undefined;
}

export function isStaticPod({ metadata }: Pod): boolean {
  const source = metadata.annotations?.[configAnnotations.source];
  return source !== undefined && source !== "api" && metadata.annotations?.[configAnnotations.mirror] === undefined;
}

export function fullName({ metadata }: Pick<Pod, "metadata">): string {
  return `${metadata.namespace ?? ""}/${metadata.name ?? ""}`;
}
