import type { Pod } from "../../api/generated/types/core-v1.ts";
import { type AffinityTerms, affinityTermsOf } from "./affinity-terms.ts";
import { type HostPort, hostPortsOf } from "./host-ports.ts";
import { type PodRequests, podRequests } from "./pod-requests.ts";

/** A pod and what decisions need of it, computed once. Immutable. */
export interface PodInfo {
  readonly pod: Pod;
  readonly uid: string;
  /** `namespace/name` */
  readonly key: string;
  readonly priority: number;
  readonly requests: PodRequests;
  readonly hostPorts: readonly HostPort[];
  readonly affinity: AffinityTerms;
}

export function podInfo(pod: Pod): PodInfo {
  return {
    pod,
    uid: pod.metadata.uid ?? "",
    key: `${pod.metadata.namespace ?? ""}/${pod.metadata.name ?? ""}`,
    priority: pod.spec.priority ?? 0,
    requests: podRequests(pod),
    hostPorts: hostPortsOf(pod),
    affinity: affinityTermsOf(pod),
  };
}

export function hasAffinity({ affinity }: PodInfo): boolean {
  return (
    affinity.requiredAffinity.length > 0 ||
    affinity.requiredAntiAffinity.length > 0 ||
    affinity.preferredAffinity.length > 0 ||
    affinity.preferredAntiAffinity.length > 0
  );
}
